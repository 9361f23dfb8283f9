/**
 * Runs test/servers: real servers, as jobs, and nginx before ours. It finds PostgreSQL and nginx in PATH or where Debian puts
 * them; on Debian, where this runs as root, it installs them, and tini with them. Without them it fails and says so.
 */
import { existsSync, readdirSync, realpathSync } from 'node:fs';
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

const findNginx = () => findProgram(['nginx'], ['/usr/sbin', '/usr/local/sbin']);

if (findInitdb() === undefined) installOnDebian('postgresql', 'the tests of servers as jobs');
if (findProgram(['tini']) === undefined) installOnDebian('tini', 'the tests of servers as jobs');
if (findNginx() === undefined) installOnDebian('nginx-light', 'the tests behind a proxy');
const initdb = findInitdb();
const nginx = findNginx();
if (initdb === undefined || nginx === undefined || findProgram(['tini']) === undefined) {
  process.stderr.write(
    'PostgreSQL, nginx or tini is not here, so the tests of real servers did not run. Install the packages postgresql, nginx and tini.\n',
  );
  process.exit(1);
}
// A link to it may stand in a directory without the other programs.
runSuite('vitest.servers.config.ts', { POSTGRESQL_BIN: dirname(realpathSync(initdb)), NGINX_BIN: nginx });
