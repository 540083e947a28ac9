// Every page for everyone: no barrier that axe can find, and no page wider than the screen.
import { inspect, type State, tooWide } from '../barriers.ts';
import { workers } from '../work.ts';
import { type Board, expect, fleet, MINUTE, NOT_FOUND, open, sampled, test } from '../fixtures.ts';

const LONG = 'a-project-whose-name-is-much-longer-than-anybody-would-choose-but-somebody-did-choose-it';

const data = () => [
  ...fleet(),
  { type: 'validation.completed', data: { project: LONG, status: 'failed', branch: LONG, errors: [{ type: LONG, message: LONG.repeat(3) }] } },
  ...Array.from({ length: 30 }, (_, i) => sampled('build-01', { ago: (30 - i) * MINUTE, cpu: 20 + i })),
  sampled('build-01', { cpu: 97, memory: 95 }),
  sampled('an-old-host', { ago: 60 * MINUTE }),
  ...workers(),
  { type: 'task.queued', data: { task: LONG, description: LONG.repeat(3), queue: LONG } },
  { type: 'task.dead_lettered', data: { task: LONG, error: LONG.repeat(3) } },
  { type: 'agent.online', data: { agent: LONG, capabilities: [LONG] } },
];

const at = (path: string): State => ({ name: path, show: (page) => open(page, path) });

const STATES: State[] = [
  at('/'),
  at('/projects'),
  at('/projects/checkout'),
  at(`/projects/${LONG}`),
  at('/system'),
  at('/work'),
  at('/work/agents'),
  { name: '/work/agents as cells', show: (page) => open(page, '/work/agents?view=cells') },
  { name: '/work/agents as marks', show: (page) => open(page, '/work/agents?view=marks') },
  at('/work/agents/ada'),
  at(`/work/agents/${LONG}`),
  at('/work/tasks'),
  at('/work/dead-letters?group=all'),
  at('/work/tasks/t-new'),
  at(`/work/tasks/${LONG}`),
  at('/nowhere'),
  {
    name: 'the question before a retry',
    show: async (page) => {
      await open(page, '/work/dead-letters');
      await page.getByRole('button', { name: /^Retry/ }).first().click();
      await expect(page.getByRole('dialog', { name: 'Retry' }).locator('li').first()).toBeVisible();
    },
  },
  {
    name: 'the palette',
    show: async (page) => {
      await open(page, '/');
      await page.keyboard.press('Control+k');
      await expect(page.getByRole('option', { name: /checkout/ })).toBeVisible();
    },
  },
  {
    name: 'the list of keys',
    show: async (page) => {
      await open(page, '/projects');
      await page.keyboard.press('?');
      await expect(page.getByRole('dialog', { name: 'Keys' })).toBeVisible();
    },
  },
];

const EMPTY: State[] = [
  at('/'), at('/projects'), at('/system'), at('/work'), at('/work/agents'), at('/work/tasks'), at('/work/dead-letters'),
].map(({ name, show }) => ({
  name: `${name}, empty`,
  show,
}));

test.use({ expected: NOT_FOUND });

async function filled(board: Board): Promise<void> {
  await board.send(...data());
}

for (const state of EMPTY) {
  test(`${state.name}, has no barriers`, async ({ page }) => {
    await inspect(page, [state]);
  });
}

for (const state of STATES) {
  test(`${state.name.replace(LONG, 'a long name')} has no barriers`, async ({ page, board }) => {
    await filled(board);
    await inspect(page, [state]);
  });
}

test('no page is wider than the screen', async ({ page, board }) => {
  test.setTimeout(180_000);
  const found = await tooWide(page, EMPTY);
  await filled(board);
  found.push(...(await tooWide(page, STATES)));
  expect(found).toEqual([]);
});
