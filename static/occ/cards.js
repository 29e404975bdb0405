// Arrow keys lead from card to card of the pipeline: up and down in a column, left and right between columns.
document.querySelectorAll("[data-cards]").forEach((board) => {
  const columns = () => [...board.querySelectorAll(".occ-cards-column")].map((one) => [...one.querySelectorAll(".occ-card-link")]);
  board.addEventListener("keydown", (event) => {
    if (!["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"].includes(event.key)) return;
    const held = columns();
    let x = held.findIndex((cards) => cards.includes(document.activeElement));
    let y = x < 0 ? -1 : held[x].indexOf(document.activeElement);
    if (x < 0) {
      x = held.findIndex((cards) => cards.length);
      y = 0;
    } else if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      y += event.key === "ArrowDown" ? 1 : -1;
    } else {
      const step = event.key === "ArrowRight" ? 1 : -1;
      do x += step; while (held[x] && !held[x].length);
      y = held[x] ? Math.min(y, held[x].length - 1) : y;
    }
    const next = held[x]?.[y];
    if (next) {
      event.preventDefault();
      next.focus();
      next.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
  });
});
