// Draws every [data-chart] with ECharts in the page's colours; the table under it says the same in words.
(function () {
  "use strict";
  const PALETTE = ["--occ-info", "--occ-success", "--occ-warning", "--occ-danger", "--occ-neutral"];
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const number = new Intl.NumberFormat(document.documentElement.lang || "en", { maximumFractionDigits: 2 });

  function draw(box) {
    const data = JSON.parse(document.getElementById(box.dataset.chart).textContent);
    const text = colour("--occ-quiet");
    const unit = box.dataset.unit ? " " + box.dataset.unit : "";
    const words = (value) => (value === null || value === undefined || value === "-" ? "–" : number.format(value) + unit);
    const hasTarget = data.target !== null && data.target !== undefined;
    const target = hasTarget && {
      silent: true, symbol: "none", data: [{ yAxis: data.target }],
      lineStyle: { color: colour("--occ-text"), type: "dashed", width: 2 },
      label: { position: "insideEndTop", color: colour("--occ-text"), formatter: (data.target_label || "") + " " + words(data.target) },
    };
    const chart = echarts.getInstanceByDom(box) || echarts.init(box, null, { renderer: "svg" });
    chart.setOption({
      animation: false,
      color: PALETTE.map(colour),
      textStyle: { fontFamily: "inherit" },
      grid: { left: 8, right: 16, top: 36, bottom: 8, containLabel: true },
      legend: data.series.length > 1 ? { type: "scroll", top: 0, pageTextStyle: { color: text }, textStyle: { color: text } } : undefined,
      // HTML tooltips set style attributes, which the content security policy forbids.
      tooltip: { trigger: "axis", renderMode: "richText", valueFormatter: words },
      xAxis: { type: "category", data: data.labels, axisLabel: { color: text }, axisLine: { lineStyle: { color: colour("--occ-line-strong") } } },
      yAxis: { type: "value", max: hasTarget ? (top) => Math.max(top.max, data.target) : undefined, axisLabel: { color: text, formatter: (value) => number.format(value) }, splitLine: { lineStyle: { color: colour("--occ-line") } } },
      series: data.series.map((series, index) => ({
        type: data.kind || "bar", name: series.name, data: series.values, barMaxWidth: 36, symbolSize: 7,
        ...(series.quiet ? { symbol: "none", lineStyle: { type: "dashed", width: 1 } } : {}),
        markLine: index === 0 && target ? target : undefined,
      })),
    }, true);
    chart.off("click");
    // A click leads to the rows behind the figure; by keyboard the links in the table under the chart do.
    if (data.urls) chart.on("click", (event) => { if (data.urls[event.dataIndex]) window.location.assign(data.urls[event.dataIndex]); });
  }

  const all = () => document.querySelectorAll("[data-chart]").forEach(draw);
  all();
  document.addEventListener("occ:theme", all);
  document.addEventListener("htmx:load", (event) => event.detail.elt.querySelectorAll("[data-chart]").forEach(draw));
  window.addEventListener("resize", () => {
    for (const box of document.querySelectorAll("[data-chart]")) echarts.getInstanceByDom(box)?.resize();
  });
})();
