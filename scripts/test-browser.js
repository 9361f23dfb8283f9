/**
 * Runs test/browser in a real Chromium: that of CHROMIUM_PATH, or of the PATH; on Debian, where this runs as root, it
 * installs one. Without any it fails and says so: a test that did not run has not passed.
 */
import process from 'node:process';
import { findProgram, installOnDebian } from './suites/programs.js';
import { runSuite } from './suites/vitest.js';

const find = () => findProgram(['chromium', 'chromium-browser', 'google-chrome']);

let chromium = process.env.CHROMIUM_PATH ?? find();
if (chromium === undefined) {
  installOnDebian('chromium', 'the browser tests');
  chromium = find();
}
if (chromium === undefined) {
  process.stderr.write(
    'There is no Chromium here, so the browser tests did not run. Install one, or name it in CHROMIUM_PATH.\n',
  );
  process.exit(1);
}
runSuite('vitest.browser.config.ts', { CHROMIUM_PATH: chromium });
