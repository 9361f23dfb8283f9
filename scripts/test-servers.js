/**
 * Runs test/servers: real servers, started as jobs. It finds PostgreSQL in PATH or where Debian puts it; on Debian, where
 * this runs as root, it installs it, and tini with it. Without them it fails and says so.
 */
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { findProgram, installOnDebian } from './suites/programs.js';
import { runSuite } from './suites/vitest.js';

const DEBIAN_VERSIONS = '/usr/lib/postgresql';

const findInitdb = () => {
  const versions = existsSync(DEBIAN_VERSIONS) ? readdirSync(DEBIAN_VERSIONS) : [];
  return findProgram(
    ['initdb'],
    versions.map((version) => join(DEBIAN_VERSIONS, version, 'bin')),
  );
};

if (findInitdb() === undefined) installOnDebian('postgresql', 'the tests of servers as jobs');
if (findProgram(['tini']) === undefined) installOnDebian('tini', 'the tests of servers as jobs');
const initdb = findInitdb();
if (initdb === undefined || findProgram(['tini']) === undefined) {
  process.stderr.write(
    'PostgreSQL or tini is not here, so the tests of servers as jobs did not run. Install the packages postgresql and tini.\n',
  );
  process.exit(1);
}
runSuite('vitest.servers.config.ts', { POSTGRESQL_BIN: dirname(initdb) });
