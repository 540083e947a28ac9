// The pages of alerts for everyone: no barrier that axe can find, none wider than the screen.
import { alerts, cleared, DEEP, depth, raised } from '../alerts.ts';
import { inspect, type State, tooWide } from '../barriers.ts';
import { type Board, card, expect, fleet, open, type Page, sampled, test } from '../fixtures.ts';

const LONG = 'an-alert-whose-name-is-much-longer-than-anybody-would-choose-but-somebody-did-choose-it';

const at = (path: string): State => ({ name: path, show: (page) => open(page, path) });

/** A page with its question open. */
const asking = (path: string, button: RegExp): State => ({
  name: `${path}, asking by ${button.source}`,
  show: async (page) => {
    await open(page, path);
    await page.getByRole('button', { name: button }).first().click();
    await expect(page.getByRole('dialog').filter({ visible: true })).toBeVisible();
  },
});

/** The page of the first alert that is like that. */
const one = (query: string): State => ({
  name: `an alert of ${query}`,
  show: async (page) => {
    await open(page, `/alerts?${query}`);
    await page.locator('tr[data-alert] a[data-row-link]').first().click();
    await expect(card(page, 'Known of it')).toBeVisible();
  },
});

const EMPTY: State[] = [
  at('/alerts'), at('/alerts/history'), at('/alerts/silences'), at('/alerts/rules'), at('/alerts/rules/new'), at('/alerts/channels'),
];

const STATES: State[] = [
  ...EMPTY, at('/alerts/rules/the-queue-is-deep'),
  one('rule=the-queue-is-deep'), one('state=acknowledged'), one('state=silenced'),
  asking('/alerts', /^Silence/), asking('/alerts/silences', /New window/), asking('/alerts/channels', /New channel/),
  asking('/alerts/channels', /^Edit/),
  {
    name: 'several that are selected',
    show: async (page) => {
      await open(page, '/alerts');
      await page.getByLabel('Select all of these').check();
      await expect(page.locator('.selection')).toBeVisible();
    },
  },
  {
    name: 'a rule that was tried',
    show: async (page) => {
      await open(page, '/alerts/rules/the-queue-is-deep');
      await page.getByRole('button', { name: 'Test', exact: true }).click();
      await expect(card(page, 'Test on the past')).toContainText('It would have fired');
    },
  },
  {
    name: 'the bell',
    show: async (page: Page) => {
      await open(page, '/alerts');
      await page.locator('#bell').click();
      await expect(page.locator('#bell-menu')).toBeVisible();
    },
  },
];

async function filled(board: Board): Promise<void> {
  await board.call('/api/v1/alert-rules', DEEP);
  await board.call('/api/v1/alert-rules', { ...DEEP, name: LONG, owner: LONG, on: { absent: { host: LONG, after_s: 60 } } });
  await board.send(...fleet(), sampled('build-01', { cpu: 97, memory: 96 }), depth(20), depth(250));
  await board.send(raised('db-1', 'critical', { tags: ['team=pay', 'eu'] }), raised('db-2', 'warning'), raised(LONG, 'warning', { tags: [LONG] }));
  await board.send(raised('gone', 'warning'));
  const all = await alerts(board, 9);
  const id = (title: string) => all.find((alert) => alert.title.startsWith(title)).id;
  await board.call(`/api/v1/alerts/${id('db-1')}/acknowledge`, { comment: LONG });
  await board.call(`/api/v1/alerts/${id('db-2')}/silence`, { for_s: 3_600, comment: LONG });
  await board.send(cleared('gone'));
  await board.call('/api/v1/silences', { match: { source: LONG, min_severity: 'warning' }, for_s: 3_600, comment: LONG });
  const schedule = { days: ['mon', 'tue', 'sun'], at: '02:00', duration_s: 7_200, time_zone: 'America/Argentina/ComodRivadavia' };
  await board.call('/api/v1/maintenance', { name: LONG, match: { subject: LONG }, schedule });
  await board.call('/api/v1/channels', { name: LONG, kind: 'webhook', url: `https://${LONG.slice(0, 60)}.invalid/${LONG}`, match: { rule: LONG } });
  await board.call('/api/v1/channels', { name: 'duty', kind: 'smtp', url: 'smtp://mail.invalid:25', to: ['duty@example.org', `${LONG.slice(0, 60)}@example.org`], from: 'board@example.org' });
}

test('the pages of alerts have no barriers when nothing is there', async ({ page }) => {
  test.setTimeout(180_000);
  await inspect(page, EMPTY);
});

for (const state of STATES) {
  test(`${state.name} has no barriers`, async ({ page, board }) => {
    await filled(board);
    await inspect(page, [state]);
  });
}

test('no page of alerts is wider than the screen', async ({ page, board }) => {
  test.setTimeout(180_000);
  const found = await tooWide(page, EMPTY);
  await filled(board);
  found.push(...(await tooWide(page, STATES)));
  expect(found).toEqual([]);
});
