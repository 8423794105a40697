"use strict";

// Shows the latest values of one floor, asked for again every two seconds; an unchanged floor answers 304 without a body.
const pollMs = 2000;
// A floor lives when something was read there this recently.
const liveMs = 15 * 60 * 1000;
const floorsLookedAtMax = 20;
const byId = id => document.getElementById(id);
// Each choice of a floor and each sign-out begins a generation: what was asked for in an earlier one no longer counts.
const state = { token: null, floor: null, etag: null, timer: null, generation: 0 };

class ApiError extends Error {
  constructor(problem) {
    super(problem.detail ?? problem.title);
    this.status = problem.status;
  }
}

async function call(path, options = {}) {
  const headers = { ...options.headers };
  if (state.token)
    headers.Authorization = `Bearer ${state.token}`;
  // The entity tag is ours to send: the browser's own cache would answer 200 where the server said 304.
  const response = await fetch(path, { ...options, headers, cache: "no-store" });
  if (response.ok || response.status === 304)
    return response;
  const problem = await response.json().catch(() => ({ title: `HTTP ${response.status}` }));
  throw new ApiError({ ...problem, status: response.status });
}

async function allPages(path) {
  const items = [];
  for (let cursor = null; ;) {
    const page = await (await call(`${path}?limit=1000${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`)).json();
    items.push(...page.items);
    cursor = page.next_cursor;
    if (!cursor)
      return items;
  }
}

function element(name, text, className) {
  const made = document.createElement(name);
  made.textContent = text ?? "";
  if (className)
    made.className = className;
  return made;
}

function say(text) {
  byId("message").textContent = text;
}

async function signIn(event) {
  event.preventDefault();
  const form = event.target;
  say("Signing in…");
  try {
    const response = await call("api/auth/token", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(Object.fromEntries(new FormData(form))),
    });
    state.token = (await response.json()).access_token;
    form.reset();
    await start();
  } catch (error) {
    signOut();
    say(error.message);
  }
}

function signOut() {
  endPolling();
  Object.assign(state, { token: null, floor: null, etag: null, timer: null });
  show(false);
  say("");
}

function show(signedIn) {
  byId("sign-in").hidden = signedIn;
  for (const id of ["content", "rate", "sign-out"])
    byId(id).hidden = !signedIn;
}

async function start() {
  const floors = listFloors(await Promise.all([allPages("api/buildings"), allPages("api/floors")]));
  const first = await firstLiveFloor(floors);
  show(true);
  say(first ? "" : "There is no floor that you may see.");
  if (first)
    choose(first);
  else
    startPolling();
}

function listFloors([buildings, floors]) {
  const nav = byId("floors");
  nav.replaceChildren();
  return buildings.flatMap(building => {
    const inside = floors.filter(floor => floor.building_id === building.building_id);
    nav.append(element("h2", building.name), ...inside.map(floorButton));
    return inside;
  });
}

function floorButton(floor) {
  const button = element("button", floor.name);
  button.type = "button";
  button.dataset.floorId = floor.floor_id;
  button.addEventListener("click", () => choose(floor));
  return button;
}

// The first in the list where something is read now, else the one with the newest reading: a building of old data may stand first.
async function firstLiveFloor(floors) {
  let [best] = floors;
  let newest = -Infinity;
  for (const floor of floors.slice(0, floorsLookedAtMax)) {
    const asOf = await newestReading(floor);
    if (Date.now() - asOf < liveMs)
      return floor;
    if (asOf > newest)
      [best, newest] = [floor, asOf];
  }

  return best;
}

async function newestReading(floor) {
  try {
    const dashboard = await (await call(`api/dashboard/floor/${floor.floor_id}`)).json();
    return dashboard.as_of ? Date.parse(dashboard.as_of) : -Infinity;
  } catch {
    // What is wrong is told when the floor is shown.
    return -Infinity;
  }
}

function choose(floor) {
  state.floor = floor;
  state.etag = null;
  byId("floor-name").textContent = floor.name;
  byId("values").replaceChildren();
  for (const button of byId("floors").querySelectorAll("button"))
    button.setAttribute("aria-current", String(button.dataset.floorId === floor.floor_id));
  startPolling();
}

function startPolling() {
  endPolling();
  poll(state.generation);
}

function endPolling() {
  clearTimeout(state.timer);
  state.generation++;
}

async function poll(generation) {
  let message = "";
  try {
    await Promise.all([state.floor && refreshFloor(generation), refreshRate(generation)]);
  } catch (error) {
    if (error.status === 401 && generation === state.generation) {
      signOut();
      say("Your session has ended. Sign in again.");
    }

    message = `Not up to date: ${error.message}`;
  }

  if (generation !== state.generation)
    return;
  say(message);
  state.timer = setTimeout(poll, pollMs, generation);
}

async function refreshFloor(generation) {
  const path = `api/dashboard/floor/${state.floor.floor_id}`;
  const response = await call(path, { headers: state.etag ? { "If-None-Match": state.etag } : {} });
  if (response.status === 304)
    return;
  const dashboard = await response.json();
  if (generation !== state.generation)
    return;
  state.etag = response.headers.get("ETag");
  const rows = dashboard.sensors.flatMap(sensor =>
    Object.entries(sensor.metrics).map(([metric, reading]) => valueRow(sensor, metric, reading)));
  byId("values").replaceChildren(...rows);
  byId("floor-state").textContent = dashboard.as_of
    ? `${dashboard.sensors.length} sensors, newest reading ${new Date(dashboard.as_of).toLocaleString()}`
    : `${dashboard.sensors.length} sensors, nothing read yet`;
}

function valueRow(sensor, metric, reading) {
  const row = element("tr", "", reading.stale ? "stale" : "");
  row.dataset.sensorId = sensor.sensor_id;
  row.dataset.metric = metric;
  row.append(
    element("td", sensor.name),
    element("td", sensor.zone ?? ""),
    element("td", metric),
    element("td", `${figure(reading.value)} ${reading.unit}`.trim(), "number"),
    element("td", reading.stale ? `${reading.quality}, stale` : reading.quality, reading.quality),
    element("td", when(new Date(reading.timestamp))));
  return row;
}

// Small values by their significant digits, others by decimals: 0.0041, 21.37, 10000.4.
function figure(value) {
  const digits = Math.abs(value) < 1 ? { maximumSignificantDigits: 3 } : { maximumFractionDigits: Math.abs(value) < 1000 ? 2 : 1 };
  return value.toLocaleString("en", { ...digits, useGrouping: false });
}

// A time alone means today.
function when(time) {
  return time.toDateString() === new Date().toDateString() ? time.toLocaleTimeString() : time.toLocaleString();
}

async function refreshRate(generation) {
  const rate = await (await call("api/ops/ingest")).json();
  if (generation !== state.generation)
    return;
  for (const figure of document.querySelectorAll("[data-figure]")) {
    const value = rate[figure.dataset.figure];
    figure.textContent = value === null ? "–" : Math.round(value).toLocaleString();
  }
}

byId("sign-in").addEventListener("submit", signIn);
byId("sign-out").addEventListener("click", signOut);
