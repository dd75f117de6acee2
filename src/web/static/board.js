// Keeps the page what the server would show now, and lets the slider travel. Without it every page works as it stands.
"use strict";
const here = () => new URL(location.href);
const main = () => document.querySelector("main");
const said = text => { document.querySelector("#live").textContent = text; };

async function redraw(url) {
  const answer = await fetch(url, { headers: { Accept: "text/html" } });
  if (answer.redirected) { location.assign(answer.url); return; }
  const next = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (url.href !== location.href) return;  // the slider went on meanwhile: this is an answer to an older question
  const fresh = next.querySelector("main");
  if (fresh && fresh.innerHTML !== main().innerHTML && !main().querySelector("form :focus")) {
    const focus = document.activeElement?.id;
    main().replaceWith(document.adoptNode(fresh));
    if (focus) document.getElementById(focus)?.focus();
  }
  const time = next.querySelector("#time");
  if (time && !document.activeElement?.closest("#time")) {
    document.querySelector("#time").replaceWith(document.adoptNode(time));
    travel();
  }
}

function travel() {
  const slider = document.querySelector("#slider");
  if (!slider) return;
  const number = document.querySelector("#position");
  let soon = 0;
  slider.addEventListener("input", () => {
    number.value = slider.value;
    clearTimeout(soon);
    soon = setTimeout(() => {
      const url = here();
      if (slider.value === slider.max) url.searchParams.delete("at"); else url.searchParams.set("at", slider.value);
      history.replaceState(null, "", url);
      redraw(url).then(() => said(url.searchParams.has("at") ? `as of position ${slider.value}` : "live"));
    }, 120);
  });
  if (slider.value !== slider.defaultValue) slider.dispatchEvent(new Event("input"));  // moved before this ran
}

travel();
if (main().dataset.live !== undefined) {
  let soon = 0;
  const feed = new EventSource("/live");
  feed.addEventListener("moved", event => {
    if (here().searchParams.has("at")) return;
    clearTimeout(soon);
    soon = setTimeout(() => here().searchParams.has("at") || redraw(here()).then(() => said(`live, position ${event.data}`)), 150);
  });
  feed.addEventListener("error", () => said("not live: the server does not answer"));
  feed.addEventListener("open", () => said("live"));
  addEventListener("pagehide", () => feed.close());
}
