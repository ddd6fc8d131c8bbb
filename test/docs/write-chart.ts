import { writeFileSync } from 'node:fs';
import { chartFiles } from './chart/files.ts';

// Run from the root of the repository: node test/docs/write-chart.ts
for (const { file, content } of chartFiles()) writeFileSync(file, content);
