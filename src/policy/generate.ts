import { writeFile } from 'node:fs/promises';
import { generated } from './generated.ts';

// `npm run generate`: writes what is made from the schema.
const root = new URL('../../', import.meta.url);
for (const { file, content } of await generated(root)) await writeFile(new URL(file, root), content);
