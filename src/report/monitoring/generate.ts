import { mkdirSync, writeFileSync } from 'node:fs';
import { monitoringFiles } from './files.ts';

// Run from the root of the repository: node src/report/monitoring/generate.ts
mkdirSync('charts/spillway/files/dashboards', { recursive: true });
for (const [path, text] of Object.entries(monitoringFiles())) writeFileSync(path, text);
