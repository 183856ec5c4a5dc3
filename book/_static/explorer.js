// The explorer: pick competency, item, source and group; everything shown lies in the page itself.
"use strict";

(() => {
  const holder = document.getElementById("explorer-data");
  if (!holder) return;
  const { competencies, items } = JSON.parse(holder.textContent);
  const form = document.querySelector("form.explorer");
  const shown = document.getElementById("explored");
  const pick = Object.fromEntries(["competency", "item", "source", "group"].map((name) => [name, document.getElementById(`explore-${name}`)]));
  const SOURCES = { self: "the people themselves", peers: "their peers" };

  function make(tag, text, attributes = {}) {
    const element = document.createElement(tag);
    if (text !== undefined) element.textContent = text;
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  }

  function drawn(tag, attributes, text) {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    if (text !== undefined) element.textContent = text;
    return element;
  }

  function offer(select, options) {
    const before = select.value;
    select.replaceChildren(...options.map(([value, text]) => make("option", text, { value })));
    if (options.some(([value]) => value === before)) select.value = before;
  }

  const unique = (list) => [...new Set(list)];
  const percent = (share) => `${Math.round(share * 100)} %`;
  const current = () => items.find((item) => item.item === pick.item.value);

  function table(caption, head, rows) {
    const whole = make("table", undefined, { class: "table" });
    whole.append(make("caption", caption));
    const top = whole.createTHead().insertRow();
    for (const word of head) top.append(make("th", word, { scope: "col" }));
    const body = whole.createTBody();
    for (const [first, ...rest] of rows) {
      const row = body.insertRow();
      row.append(make("th", first, { scope: "row" }), ...rest.map((cell) => (cell instanceof Node ? cell : make("td", cell))));
    }
    return whole;
  }

  function bar(share) {
    const cell = make("td");
    const box = make("span", undefined, { class: "bar", "aria-hidden": "true" });
    box.style.inlineSize = `${share * 100}%`;
    cell.append(make("span", percent(share), { class: "share" }), box);
    return cell;
  }

  // Graded response model: chance of each answer along the competency, and the information of the item.
  function curves(item) {
    const at = Array.from({ length: 61 }, (_, place) => -3 + place / 10);
    const above = (trait, threshold) => 1 / (1 + Math.exp(-item.a * (trait - threshold)));
    const steps = at.map((trait) => [1, ...item.b.map((threshold) => above(trait, threshold)), 0]);
    const chances = item.b.concat(0).map((_, answer) => steps.map((step) => step[answer] - step[answer + 1]));
    const information = steps.map((step) => {
      let sum = 0;
      for (let answer = 0; answer + 1 < step.length; answer += 1) {
        const chance = step[answer] - step[answer + 1];
        const slope = item.a * (step[answer] * (1 - step[answer]) - step[answer + 1] * (1 - step[answer + 1]));
        if (chance > 1e-9) sum += slope ** 2 / chance;
      }
      return sum;
    });
    return { at, chances, information };
  }

  function picture(title, lines, top, names) {
    const figure = make("figure", undefined, { class: "curves" });
    const svg = drawn("svg", { viewBox: "0 0 420 210", role: "img", "aria-label": title });
    const x = (place) => 40 + (place / 60) * 360;
    const y = (value) => 170 - (value / top) * 150;
    svg.append(drawn("path", { d: "M40 20V170H400", class: "axis" }));
    for (const trait of [-3, -2, -1, 0, 1, 2, 3]) svg.append(drawn("text", { x: x((trait + 3) * 10), y: 186, "text-anchor": "middle" }, trait));
    for (const value of [0, top / 2, top]) svg.append(drawn("text", { x: 34, y: y(value) + 4, "text-anchor": "end" }, value.toFixed(1)));
    svg.append(drawn("text", { x: 220, y: 204, "text-anchor": "middle" }, "competency (standard deviations)"));
    lines.forEach((line, number) => {
      svg.append(drawn("path", { d: `M${line.map((value, place) => `${x(place).toFixed(1)} ${y(value).toFixed(1)}`).join("L")}`, class: `line line-${number % 6}` }));
      const peak = line.indexOf(Math.max(...line));
      if (names) svg.append(drawn("text", { x: x(Math.min(Math.max(peak, 2), 58)), y: y(line[peak]) - 4, "text-anchor": "middle" }, names[number]));
    });
    figure.append(svg, make("figcaption", title));
    return figure;
  }

  function show() {
    const item = current();
    const who = item.who.find((each) => each.source === pick.source.value && each.group === pick.group.value) || item.who[0];
    const parts = [make("p", pick.source.value === "peers" && item.peer ? item.peer : item.wording, { class: "wording" })];
    const decision = make("p", `Decision: ${item.decision} (${item.reasons}). `);
    decision.append(make("a", "Passport", { href: `item_passports.html#passport-${item.item}` }));
    parts.push(decision);
    if (who && who.shares.length) {
      const n = who.n === null ? "" : `, n = ${who.n.toLocaleString("en-GB")}`;
      parts.push(table(`Answers of ${SOURCES[who.source]}, ${who.group}${n}`, ["Answer", "Share"], who.shares.map((share, place) => [item.answers[place] || `${place + 1}`, bar(share)])));
    } else parts.push(make("p", "Not shown: too few people answered."));
    if (who && who.mean !== null) parts.push(make("p", `Mean ${who.mean.toFixed(2)}, standard deviation ${who.sd === null ? "not shown" : who.sd.toFixed(2)}.`));
    // These and the curves do not change with who is picked above.
    parts.push(table(`Statistics of the item: own answers of everybody${item.n === null ? "" : `, n = ${item.n.toLocaleString("en-GB")}`}`, ["What", "Value"], item.facts));
    if (item.a !== null && item.b.length) {
      const { chances, information } = curves(item);
      parts.push(picture("Chance of each answer along the competency, everybody's own answers", chances, 1, item.answers.map((answer) => answer.split(" ")[0])));
      parts.push(picture("Information of the item along the competency, everybody's own answers", [information], Math.max(0.5, Math.ceil(Math.max(...information) * 2) / 2)));
    } else parts.push(make("p", "No curves: this sample carried no response model of the item."));
    shown.replaceChildren(...parts);
  }

  function follow(from) {
    const levels = ["competency", "item", "source", "group"];
    const place = levels.indexOf(from);
    if (place < 1) offer(pick.item, items.filter((item) => item.competency === pick.competency.value).map((item) => [item.item, `${item.item}: ${item.wording.slice(0, 70)}`]));
    const item = current();
    if (place < 2) offer(pick.source, unique(item.who.map((each) => each.source)).map((source) => [source, SOURCES[source]]));
    if (place < 3) offer(pick.group, item.who.filter((each) => each.source === pick.source.value).map((each) => [each.group, each.group]));
    show();
  }

  offer(pick.competency, competencies.map((name) => [name, name]));
  for (const [name, select] of Object.entries(pick)) select.addEventListener("change", () => follow(name));
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  follow("");
})();
