// Graphile Worker on no-op jobs: `prepare URL JOBS` or `work URL CONCURRENCY BATCH FILE`, with PEERS naming node_modules.
// One job at a time is its default; a batch is what its page on performance shows: a local queue, and completions sent
// together. The pool has the connections that page advises, one more than jobs.
"use strict";
const fs = require("node:fs");
const path = require("node:path");
const readline = require("node:readline");
const worker = require(path.join(process.env.PEERS, "graphile-worker"));
const { Pool } = require(path.join(process.env.PEERS, "pg"));

const silent = new worker.Logger(() => () => {});
const now = () => Number(process.hrtime.bigint()) / 1e9; // CLOCK_MONOTONIC, as Python's
const pool = (url, max) => {
  const given = new URL(url.replace("@/", "@localhost/"));
  const host = decodeURIComponent(given.searchParams.get("host"));
  const made = new Pool({ host, port: given.searchParams.get("port"), user: given.username, database: given.pathname.slice(1), max });
  made.on("error", () => {});
  return made;
};

async function prepare(url, jobs) {
  const pgPool = pool(url, 2);
  await worker.runMigrations({ pgPool, logger: silent });
  await pgPool.query("SELECT graphile_worker.add_job('nothing')"); // makes the task known
  await pgPool.query(
    `SELECT count(*) FROM graphile_worker.add_jobs(ARRAY(
       SELECT json_populate_record(NULL::graphile_worker.job_spec, '{"identifier": "nothing"}')
         FROM generate_series(1, $1::int - 1)))`,
    [jobs],
  );
  await pgPool.end();
}

async function work(url, concurrency, batch, file) {
  const stamps = [];
  const pgPool = pool(url, concurrency + 1);
  await pgPool.query("SELECT 1");
  process.stdout.write("ready\n");
  const until = Number(await new Promise((said) => readline.createInterface({ input: process.stdin }).once("line", said)));
  const batching = batch > 1 ? { localQueue: { size: batch }, completeJobBatchDelay: 0, failJobBatchDelay: 0 } : {};
  const runner = await worker.run({
    logger: silent,
    pgPool,
    concurrency,
    noHandleSignals: true,
    taskList: { nothing: () => { stamps.push(now()); } },
    preset: { worker: { concurrentJobs: concurrency, maxPoolSize: concurrency + 1, ...batching } },
  });
  await new Promise((done) => setTimeout(done, (until - now()) * 1000));
  fs.writeFileSync(file, Buffer.from(new Float64Array(stamps).buffer));
  await Promise.race([runner.stop(), new Promise((done) => setTimeout(done, 5000))]);
  process.exit(0);
}

const [how, url, ...rest] = process.argv.slice(2);
if (how === "prepare") prepare(url, Number(rest[0]));
else if (how === "work") work(url, Number(rest[0]), Number(rest[1]), rest[2]);
else if (how === "versions") {
  const of = (name) => require(path.join(process.env.PEERS, name, "package.json")).version;
  console.log(`graphile-worker ${of("graphile-worker")}, pg ${of("pg")}, node ${process.versions.node}`);
}
