// Runs beside a page in frames of several widths. Writes `EXAMINED[problem|problem]DONE` into its own document.
function examine(frame) {
  const view = frame.contentWindow;
  const page = view.document;
  const problems = new Set();
  const say = (text) => problems.add(`${frame.width} pixels: ${text}`.replace(/[<>&|\n]+/g, " ").slice(0, 160));

  const rgb = (text) => {
    const [r, g, b, a = 1] = text.match(/[\d.]+/g).map(Number);
    return { r, g, b, a };
  };
  const light = ({ r, g, b }) => {
    const [x, y, z] = [r, g, b].map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const contrast = (one, other) => {
    const [a, b] = [light(one), light(other)].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05);
  };
  const groundOf = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const ground = rgb(view.getComputedStyle(at).backgroundColor);
      if (ground.a > 0) return [ground];
    }
    return [rgb("rgb(255, 255, 255)")];
  };
  const groundsInPicture = (text) => {
    const fill = (selector) => {
      const element = text.closest("svg").querySelector(selector);
      return element && rgb(view.getComputedStyle(element).fill);
    };
    const isHead = text.matches(".name, .tag");
    const own = isHead && text.parentElement.querySelector(".head");
    return own ? [rgb(view.getComputedStyle(own).fill)] : [fill(".ground"), fill(".card")].filter(Boolean);
  };

  const texts = page.createTreeWalker(page.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    const text = texts.currentNode.data.trim();
    if (!text || element.closest("style, title, desc, script")) continue;
    const style = view.getComputedStyle(element);
    const inPicture = !!element.closest("svg");
    const ink = rgb(inPicture ? style.fill : style.color);
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    for (const ground of inPicture ? groundsInPicture(element) : groundOf(element)) {
      const ratio = contrast(ink, ground);
      if (ratio < (isLarge ? 3 : 4.5)) say(`contrast ${ratio.toFixed(2)}: ${text}`);
    }
    // The fingerprint is longer than a phone is wide.
    for (const word of inPicture || element.closest(".fingerprint") ? [] : texts.currentNode.data.matchAll(/[\p{L}\d]+/gu)) {
      const range = page.createRange();
      range.setStart(texts.currentNode, word.index);
      range.setEnd(texts.currentNode, word.index + word[0].length);
      const tops = new Set([...range.getClientRects()].map((box) => Math.round(box.top)));
      if (tops.size > 1) say(`broken: ${word[0]} in ${text}`);
    }
    if (size < 11 && !inPicture) say(`${size}px is too small: ${text}`);
  }

  for (const text of page.querySelectorAll("svg.picture g.table text")) {
    const card = text.closest("g.table").querySelector(".card").getBBox();
    const box = text.getBBox();
    if (box.x < card.x || box.x + box.width > card.x + card.width + 0.5) say(`sticks out of its card: ${text.textContent}`);
    for (const other of text.parentElement.querySelectorAll("text")) {
      const its = other.getBBox();
      if (other !== text && its.x < box.x + box.width && box.x < its.x + its.width && its.y < box.y + box.height && box.y < its.y + its.height)
        say(`lies on other text: ${text.textContent}`);
    }
  }

  const root = page.documentElement;
  if (root.scrollWidth > root.clientWidth) {
    say(`wider than the page: ${root.scrollWidth} of ${root.clientWidth}`);
    for (const element of page.body.querySelectorAll("*")) {
      if (!element.closest(".scroll") && element.getBoundingClientRect().right > root.clientWidth + 1)
        say(`reaches beyond the page: ${element.tagName} ${element.textContent.slice(0, 40)}`);
    }
  }
  if (!root.lang) say("no language");
  if (!page.title) say("no title");
  const ids = new Set();
  for (const element of page.querySelectorAll("[id]")) {
    if (ids.has(element.id)) say(`id twice: ${element.id}`);
    ids.add(element.id);
  }
  for (const link of page.querySelectorAll("a[href^='#']"))
    if (!ids.has(link.getAttribute("href").slice(1))) say(`leads nowhere: ${link.textContent}`);
  for (const picture of page.querySelectorAll("svg, img")) {
    const by = (picture.getAttribute("aria-labelledby") ?? "").split(" ").map((id) => page.getElementById(id)?.textContent ?? "");
    if (picture.getAttribute("role") !== "img" || by.some((text) => text.length < 10)) say("a picture without words");
  }
  for (const head of page.querySelectorAll("th")) if (!head.scope) say(`a head of nothing: ${head.textContent}`);
  let level = 0;
  for (const heading of page.querySelectorAll("h1, h2, h3, h4, h5, h6")) {
    const own = Number(heading.tagName[1]);
    if (own > level + 1) say(`heading ${own} under ${level}: ${heading.textContent}`);
    level = own;
  }
  if (page.querySelectorAll("h1").length !== 1) say("not one h1");
  if (!page.querySelector("main")) say("no main");
  for (const element of page.querySelectorAll("[src], link[href], script"))
    if (!(element.getAttribute("href") ?? "").startsWith("data:")) say(`asks for something: ${element.tagName}`);

  return [...problems];
}

addEventListener("load", () => {
  const problems = [...document.querySelectorAll("iframe")].flatMap(examine);
  document.body.append(`EXAMINED[${problems.join("|")}]DONE`);
});
