// SPDX-License-Identifier: MIT
// What the Node scripts share: arguments, the module to test, checks.
const { createRequire } = require('module');
const { basename } = require('path');
const { isDeepStrictEqual, inspect } = require('util');

const [port, password, modules] = process.argv.slice(2);

exports.port = Number(port);
exports.password = password;
exports.client = basename(modules);             // ioredis-6.0.0
exports.load = (name) => createRequire(modules + '/package.json')(name);

exports.check = (what, got, want) => {
  if (isDeepStrictEqual(got, want)) return;
  console.error(`${what}: ${inspect(got)}, not ${inspect(want)}`);
  process.exit(1);
};

exports.refused = async (what, call) => {
  try {
    await call();
  } catch (e) {
    return e.message;
  }
  console.error(`${what}: no error`);
  process.exit(1);
};

// Wait, at most 10 s, for what another connection does to be seen here.
exports.until = async (what, isTrue) => {
  const end = Date.now() + 10000;
  while (!(await isTrue())) {
    if (Date.now() > end) {
      console.error(`not in time: ${what}`);
      process.exit(1);
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
};

exports.run = (main) => {
  setTimeout(() => {
    console.error('no end after 40 s');
    process.exit(1);
  }, 40000).unref();
  main().then(() => process.exit(0), (e) => { console.error(e); process.exit(1); });
};
