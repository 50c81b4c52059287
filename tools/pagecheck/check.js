// What is asked of a page in a browser: problems() lists what is wrong with how it looks.
function colour(text) {
  const m = text.match(/[\d.]+/g);
  return m ? m.map(Number) : [0, 0, 0, 0];
}
function luminance([r, g, b]) {
  const f = v => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
  return .2126 * f(r) + .7152 * f(g) + .0722 * f(b);
}
// contrast is that of WCAG 2.
function contrast(a, b) {
  const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p);
  return (x + .05) / (y + .05);
}
// behind is the colour behind an element: of the nearest ancestor that has one; of a number in a
// point its circle's.
function behind(e) {
  const face = e.closest(".point");
  if (face) return colour(getComputedStyle(face.querySelector(".face")).fill);
  for (; e; e = e.parentElement) {
    const c = colour(getComputedStyle(e).backgroundColor);
    if (c.length < 4 || c[3] > 0) return c;
  }
  return [255, 255, 255];
}
function problems() {
  const all = new Set(), root = document.scrollingElement;
  if (root.scrollWidth > root.clientWidth) {
    let widest = "";
    for (const e of document.querySelectorAll("body *")) {
      const right = e.getBoundingClientRect().right;
      if (right > root.clientWidth + 1 && !e.closest(".scroll")) {
        widest = right + " " + e.tagName + "." + (e.getAttribute("class") || "") + " " +
          e.textContent.slice(0, 40);
      }
    }
    all.add("it scrolls sideways: " + root.scrollWidth + " of " + root.clientWidth + " px " + widest);
  }
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let seen = 0;
  while (texts.nextNode()) {
    const e = texts.currentNode.parentElement;
    if (!texts.currentNode.textContent.trim() || e.closest("script,style,title")) continue;
    if (!e.getClientRects().length) continue;
    seen++;
    const style = getComputedStyle(e), size = parseFloat(style.fontSize);
    const large = size >= 24 || size >= 18.66 && Number(style.fontWeight) >= 700;
    const ink = colour(e instanceof SVGElement ? style.fill : style.color);
    const ratio = contrast(ink, behind(e));
    if (ratio < (large ? 3 : 4.5)) {
      all.add("contrast " + ratio.toFixed(2) + " of " + e.tagName + "." +
        (e.getAttribute("class") || "") + ": " + e.textContent.slice(0, 30));
    }
  }
  if (seen < 20) all.add("it has " + seen + " texts");
  return [...all];
}
