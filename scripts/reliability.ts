// Writes docs/reliability.md from test/reliability/. Run: npm run generate:reliability
import { writeFileSync } from 'node:fs';
import { reliabilityPage } from '../test/reliability/page.ts';

writeFileSync(new URL('../docs/reliability.md', import.meta.url), await reliabilityPage());
