import { errorTable } from '../../src/errors.ts';
import { pascalCase } from '../../src/report/conditions.ts';

/** Where the codes with a beginning are met, in the order of the page. What has none of these stands at the end. */
const chapters: readonly (readonly [title: string, where: string, begins: RegExp])[] = [
  [
    'Policies',
    'From `spillway check`, or as the reason of `Accepted`.',
    /^(POLICY|CHECK|DURATION|QUANTITY|AMOUNT)_/,
  ],
  ['Targets', 'As the reason of `Accepted`.', /^(TARGET|VIRTUAL)_/],
  ['Writes', 'As the reason of `Limited`.', /^(COMPANION|WRITE)_/],
  ['Secrets', 'As the reason of `SignalsAvailable`.', /^SECRET_/],
  ['Redis', 'As the reason of `SignalsAvailable`; the last two from the demo and the tests.', /^REDIS_/],
  ['Simulations', 'From `spillway simulate`.', /^(SCENARIO|SIMULATE|TRACE|PROMETHEUS_(REFUSED|EMPTY|VALUE))/],
  ['Queues, lists and streams', 'As the reason of `SignalsAvailable`.', /^(QUEUE|LIST|STREAM)_/],
  [
    'Prometheus',
    'As the reason of `SignalsAvailable`; `PROMETHEUS_UNREACHABLE` also from `spillway simulate`.',
    /^PROMETHEUS_/,
  ],
  ['The demo', 'From `npm run demo`.', /^(DEMO|SPEED)_/],
  [
    'Starting and the API server',
    'On standard error, or in the log.',
    /^(CONFIG|KUBECONFIG|NOT_IN|CLUSTER)_/,
  ],
  [
    'External metrics',
    'In the log, or in the answer that an HPA gets: `kubectl describe hpa`.',
    /^EXTERNAL_METRICS_/,
  ],
  ['Azure', 'In the log; those of the configuration also on standard error.', /^AZURE_/],
  ['Explain', 'From `spillway explain`.', /^EXPLAIN_/],
  ['The web server', 'In the JSON of an answer, or when it starts.', /^(HTTP|DECISION)_/],
  ['Others', 'On standard error, or in the log.', /^/],
];

/** `docs/errors.md`, made from the table of errors. */
export function errorsPage(): string {
  const left = new Map<string, string>(Object.entries(errorTable));
  const sections = chapters.flatMap(([title, where, begins]) => {
    const codes = [...left].filter(([code]) => begins.test(code));
    for (const [code] of codes) left.delete(code);
    return codes.length === 0 ? [] : [`## ${title}`, where, ...codes.map(entry)];
  });
  return `${[head, ...sections].join('\n\n')}\n`;
}

const head = `# Errors

<!-- generated: node test/docs/write-errors.ts -->

Every error that Spillway tells has a code and a sentence that says what to do. Commands print both. In the conditions of a
policy the code is the reason, written in PascalCase, and the sentence is the message. What is wrong with a pod template is on
its own page, [eligibility](eligibility.md). \`{name}\` stands for what is filled in.
Text that a server answered, and URLs with passwords, are never part of a sentence.`;

function entry([code, sentence]: readonly [string, string]): string {
  return `### ${code}\n\n\`${pascalCase(code)}\`: ${sentence.replaceAll('<', '\\<')}`;
}
