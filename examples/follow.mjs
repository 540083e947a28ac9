#!/usr/bin/env node
// Follows a Bellwether board live: a line for every project whose status or score changes.
//
//     node follow.mjs                              # Node 22 or newer, nothing to install
//     node --experimental-websocket follow.mjs     # Node 20
//     BELLWETHER_URL=https://board.example BELLWETHER_TOKEN=… node follow.mjs
//
// When the connection is lost it comes back, says how far it had come, and is told only what it missed.
// It never shows a state that it cannot date: where a delta does not follow, it asks for all of it.
const url = process.env.BELLWETHER_URL ?? "http://127.0.0.1:3000";
const token = process.env.BELLWETHER_TOKEN;
if (!globalThis.WebSocket) {
  console.error("There is no WebSocket here: use Node 22, or `node --experimental-websocket`.");
  process.exit(2);
}

const projects = new Map(); // by id
let position = null; // { epoch, seq } of what is shown
let pause = 500; // ms until the next attempt
let overdue; // fires when nothing was heard for too long

function show(project, at) {
  const had = projects.get(project.project);
  projects.set(project.project, project);
  if (had?.status !== project.status || had?.score !== project.score) {
    console.log(`${at} ${project.project}: ${project.status}, ${project.score ?? "no"} points`);
  }
}

function hear(socket, message) {
  pause = 500;
  if (message.type === "snapshot") {
    const here = new Set(message.data.items.map((project) => project.project));
    for (const id of projects.keys()) if (!here.has(id)) projects.delete(id);
    for (const project of message.data.items) show(project, message.at);
  } else if (message.type === "delta") {
    if (message.from !== position?.seq || message.epoch !== position?.epoch) {
      socket.send(JSON.stringify({ type: "request_snapshot", topic: "projects" }));
      return;
    }
    for (const project of message.data.upsert ?? []) show(project, message.at);
    for (const id of message.data.remove ?? []) projects.delete(id);
  } else {
    if (message.type === "error") console.error(`the board says: ${message.code}, ${message.message}`);
    return;
  }
  position = { epoch: message.epoch, seq: message.seq };
}

function connect() {
  const address = new URL("/dashboard/live", url.replace(/^http/, "ws"));
  address.searchParams.set("topics", "projects");
  if (position) {
    address.searchParams.set("epoch", position.epoch);
    address.searchParams.set("seq", position.seq);
  }
  const socket = new WebSocket(address);
  // A connection that fails may end in an error, in a close or in both.
  let ended = false;
  const end = (why) => {
    if (ended) return;
    ended = true;
    clearTimeout(overdue);
    console.error(`not connected: ${why}`);
    setTimeout(connect, pause * (0.5 + Math.random() / 2));
    pause = Math.min(pause * 2, 30_000);
  };
  // A heartbeat comes every 15 s. A peer that vanished says nothing, not even that.
  const alive = () => {
    clearTimeout(overdue);
    overdue = setTimeout(() => {
      socket.close();
      end("silent for 45 s");
    }, 45_000);
  };
  socket.onopen = () => {
    alive();
    if (token) socket.send(JSON.stringify({ token }));
    console.error(position ? `back, from ${position.seq} on` : "connected");
  };
  socket.onmessage = ({ data }) => {
    alive();
    hear(socket, JSON.parse(data));
  };
  socket.onerror = () => end("no answer");
  socket.onclose = ({ code, reason }) => end(reason || `code ${code}`);
}

connect();
