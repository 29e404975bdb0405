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
    const missing = (value) => value === null || value === undefined || value === "-";
    const words = (value) => (missing(value) ? box.dataset.none : number.format(value) + unit);
    const bars = (data.kind || "bar") === "bar";
    // Where nothing was measured the axis says so: a gap could as well be a small bar.
    const few = data.labels.length <= 16;
    const shown = (label, index) => (few && data.series.every((series) => missing(series.values[index])) ? label + "\n" + box.dataset.none : label);
    // On a telephone the axis is named in two lines, and what would run into each other is left out.
    const narrow = box.clientWidth < 480;
    const hasTarget = data.target !== null && data.target !== undefined;
    const target = hasTarget && {
      silent: true, symbol: "none", data: [{ yAxis: data.target }],
      lineStyle: { color: colour("--occ-text"), type: "dashed", width: 2 },
      label: { position: narrow ? "insideEndBottom" : "insideEndTop", color: colour("--occ-text"), formatter: (data.target_label || "") + " " + words(data.target) },
    };
    const chart = echarts.getInstanceByDom(box) || echarts.init(box, null, { renderer: "svg" });
    chart.setOption({
      animation: false,
      color: PALETTE.map(colour),
      textStyle: { fontFamily: "inherit" },
      grid: { left: 8, right: 16, top: (data.series.length > 1 ? 60 : 36) + (narrow && data.y ? 14 : 0), bottom: data.x ? 30 : 8, containLabel: true },
      legend: data.series.length > 1 ? { type: "scroll", top: 0, pageTextStyle: { color: text }, textStyle: { color: text } } : undefined,
      // HTML tooltips set style attributes, which the content security policy forbids.
      tooltip: { trigger: "axis", renderMode: "richText", valueFormatter: words },
      xAxis: { type: "category", name: data.x, nameLocation: "middle", nameGap: few ? 44 : 28, nameTextStyle: { color: text }, data: data.labels, axisLabel: { color: text, lineHeight: 16, formatter: shown }, axisLine: { lineStyle: { color: colour("--occ-line-strong") } } },
      yAxis: { type: "value", name: data.y || box.dataset.unit, nameTextStyle: { color: text, align: "left", ...(narrow ? { width: box.clientWidth - 80, overflow: "break" } : {}) }, max: hasTarget ? (top) => Math.max(top.max, data.target) : undefined, axisLabel: { color: text, formatter: (value) => number.format(value) }, splitLine: { lineStyle: { color: colour("--occ-line") } } },
      series: data.series.map((series, index) => ({
        type: data.kind || "bar", name: series.name, data: series.values, barMaxWidth: 36, symbolSize: 7,
        // A bar of 0 is a mark on the axis with its figure; without one it would look as if nothing were known.
        ...(bars ? { barMinHeight: 2, label: { show: true, position: "top", color: text, formatter: (one) => (one.value === 0 ? (data.series.length > 1 ? number.format(0) : words(0)) : "") } } : {}),
        ...(series.quiet ? { symbol: "none", lineStyle: { type: "dashed", width: 1 } } : {}),
        labelLayout: { hideOverlap: true },
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
