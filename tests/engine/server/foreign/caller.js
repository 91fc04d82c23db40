// Drives the npm package "playlyfe" as an application would. Reads one JSON array a line, [method, ...arguments], and
// answers each with one line: {"value": …}, {"buffer": base64} for bytes, or {"failure": {name, message, status, data}}.
"use strict";

const readline = require("node:readline");
const { createRequire } = require("node:module");

const load = createRequire(`${process.env.INSTALLED_IN}/`);
const { Playlyfe, PlaylyfeException } = load("playlyfe");

let stored = null;
let tokens = 0;
const client = new Playlyfe({
  ...JSON.parse(process.env.OPTIONS),
  store: (token, done) => {
    stored = token;
    tokens += 1;
    return done(null, token);
  },
  load: (done) => done(null, stored),
});

const own = {
  tokens: () => ({ count: tokens, current: stored }),
  // What an application meets whose clock says that the token lives, while the server knows better, and the reverse.
  spoilToken: () => ((stored.access_token = "spoilt"), {}),
  ageToken: () => ((stored.expires_at = new Date(0)), {}),
  // Files go in as base64: [path, query, {"file": {"name", "content"}}].
  upload: (path, query, { file }) =>
    client.upload(path, query, {
      file: { value: Buffer.from(file.content, "base64"), options: { filename: file.name, contentType: file.type } },
    }),
};

async function call(method, ...values) {
  const value = await (own[method] ? own[method](...values) : client[method](...values));
  return Buffer.isBuffer(value) ? { buffer: value.toString("base64") } : { value };
}

function failure(error) {
  const { name, message, status, errors } = error;
  return { failure: { name, message, status, data: errors, isPlaylyfe: error instanceof PlaylyfeException } };
}

(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const answer = await call(...JSON.parse(line)).catch(failure);
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
})();
