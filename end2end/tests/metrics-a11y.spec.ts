// The pages of metrics for everyone: no barrier that axe can find, none wider than the screen.
import { inspect, type State, tooWide } from '../barriers.ts';
import { type Board, expect, open, test } from '../fixtures.ts';
import { course, several } from '../metrics.ts';

const LONG = 'a.metric.whose.name.is.much.longer.than.anybody.would.choose.but.somebody.did.choose.it';

const at = (path: string): State => ({ name: path, show: (page) => open(page, path) });

const EMPTY: State[] = [at('/explore'), at('/board')];

const STATES: State[] = [
  ...EMPTY,
  at('/explore?metric=latency&window=1h'),
  at(`/explore?metric=${LONG}&window=1h&label.host=${LONG}&by=host`),
  at('/explore?metric=latency&label.host=nobody'),
  {
    name: 'the crosshair and the table',
    show: async (page) => {
      await open(page, '/explore?metric=latency&window=1h');
      await page.getByText('Show as table').click();
      await page.locator('.ch-plot').focus();
      await page.keyboard.press('End');
      await expect(page.locator('.ch-readout')).toBeVisible();
    },
  },
  {
    name: 'the question that pins',
    show: async (page) => {
      await open(page, '/explore?metric=latency');
      await page.getByRole('button', { name: 'Pin to my board' }).click();
      await expect(page.getByRole('dialog').filter({ visible: true })).toBeVisible();
    },
  },
];

async function filled(board: Board): Promise<void> {
  await board.send(...several());
  for (const host of [LONG, 'web-1', 'web-2']) {
    await board.send(...course(LONG, (i) => i * 1e6, { unit: LONG, labels: { host, [LONG.slice(0, 60)]: host } }));
  }
  const chart = { aggregation: 'avg', window: '1h' };
  await board.call('/api/ui/pin', { chart: { ...chart, title: LONG, metric: LONG } });
  await board.call('/api/ui/pin', { chart: { ...chart, title: 'Latency', metric: 'latency', by: 'zone' } });
  await board.call('/api/ui/pin', { chart: { ...chart, title: 'Orders', metric: 'orders', by: '' } });
}

test('the pages of metrics have no barriers when nothing is there', async ({ page }) => {
  test.setTimeout(120_000);
  await inspect(page, EMPTY);
});

for (const state of STATES) {
  test(`${state.name} has no barriers`, async ({ page, board }) => {
    test.setTimeout(90_000);
    await filled(board);
    await inspect(page, [state]);
  });
}

test('no page of metrics is wider than the screen', async ({ page, board }) => {
  test.setTimeout(180_000);
  const found = await tooWide(page, EMPTY);
  await filled(board);
  found.push(...(await tooWide(page, STATES)));
  expect(found).toEqual([]);
});
