"use strict";
(() => {
  const form = document.querySelector(".filters");
  const articles = [...document.querySelectorAll("article")];
  const places = new Map(articles.map((one) => [one.dataset.of, []]));
  for (const place of document.querySelectorAll("[data-of]")) places.get(place.dataset.of).push(place);
  const contents = document.querySelector(".contents");
  const unfold = document.querySelector(".unfold");
  const details = () => [...document.querySelectorAll("details.more")];
  const boxes = (name) => [...form.querySelectorAll(`[name=${name}]`)];
  const chosen = (name) => boxes(name).filter((box) => box.checked).map((box) => box.value);

  const apply = () => {
    const words = form.elements.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const verdicts = chosen("verdict");
    const tiers = chosen("tier");
    let count = 0;
    for (const one of articles) {
      const shown =
        words.every((word) => one.dataset.text.includes(word)) &&
        (!verdicts.length || verdicts.includes(one.dataset.verdict)) &&
        (!tiers.length || tiers.some((tier) => one.dataset.tiers.split(" ").includes(tier)));
      count += shown;
      for (const place of places.get(one.dataset.of)) place.toggleAttribute("data-hidden", !shown);
    }
    for (const topic of document.querySelectorAll(".topic"))
      topic.toggleAttribute("data-hidden", !topic.querySelector("article:not([data-hidden])"));
    form.querySelector("output").textContent = `${count} of ${articles.length} statements shown`;
  };

  /* filters stand in the address as name=value, a statement as its id: an id has no = */
  const remember = () => {
    const state = new URLSearchParams();
    if (form.elements.text.value) state.set("text", form.elements.text.value);
    for (const name of ["verdict", "tier"]) for (const value of chosen(name)) state.append(name, value);
    const hash = state.toString();
    history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
  };

  const recall = () => {
    const hash = location.hash.slice(1);
    const isState = hash.includes("=");
    const target = !isState && hash && document.getElementById(decodeURIComponent(hash));
    if (isState || (target && target.closest("[data-hidden]"))) {
      const state = new URLSearchParams(isState ? hash : "");
      form.elements.text.value = state.get("text") || "";
      for (const name of ["verdict", "tier"])
        for (const box of boxes(name)) box.checked = state.getAll(name).includes(box.value);
    }
    apply();
    if (!target) return;
    const more = target.querySelector(":scope > details.more");
    if (more) more.open = true;
    target.scrollIntoView();
  };

  unfold.addEventListener("click", () => {
    const open = unfold.getAttribute("aria-pressed") !== "true";
    unfold.setAttribute("aria-pressed", String(open));
    unfold.textContent = open ? "Close all details" : "Open all details";
    for (const one of details()) one.open = open;
  });
  form.addEventListener("input", () => { apply(); remember(); });
  form.addEventListener("reset", () => setTimeout(() => { apply(); remember(); }));
  form.addEventListener("submit", (event) => event.preventDefault());
  document.addEventListener("keydown", (event) => {
    const typing = event.target.matches("input, textarea");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      form.elements.text.focus();
    } else if (event.key === "Escape" && typing) {
      form.reset();
    }
  });
  addEventListener("hashchange", recall);
  /* for browsers that print a closed detail closed, whatever the style sheet says */
  let closed = [];
  addEventListener("beforeprint", () => { closed = details().filter((one) => !one.open); for (const one of closed) one.open = true; });
  addEventListener("afterprint", () => { for (const one of closed) one.open = false; });

  form.hidden = false;
  contents.open = matchMedia("(min-width: 84rem)").matches;
  recall();
})();
