// SPDX-License-Identifier: MIT
// What the Node scripts share: arguments, the module to test, checks.
const { createRequire } = require('module');
const { isDeepStrictEqual, inspect } = require('util');

const [port, password, modules] = process.argv.slice(2);

exports.port = Number(port);
exports.password = password;
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

exports.run = (main) => {
  setTimeout(() => {
    console.error('no end after 40 s');
    process.exit(1);
  }, 40000).unref();
  main().then(() => process.exit(0), (e) => { console.error(e); process.exit(1); });
};
