// From an event to the pixel, and what the board says when it cannot know.
import {
  card, expect, mark, MINUTE, open, pill, registered, row, run, sampled, SERVER_DOWN, test, unbroken,
} from '../fixtures.ts';

test('an event appears on the overview without a reload', async ({ page, board }) => {
  await open(page, '/');
  await mark(page);
  await expect(page.getByText('No project has reported yet')).toBeVisible();

  await board.send(run('checkout', 'failed', { duration_ms: 1_500 }));
  const look = card(page, /Needs a look/);
  await expect(look.getByRole('link', { name: 'checkout' })).toBeVisible();
  await expect(row(page, 'checkout').locator('.st')).toHaveText('critical');
  await expect(page.locator('.verdict .word')).toHaveText('Critical');
  await expect(page.locator('.verdict .why')).toContainText('The last validation of checkout failed.');
  const line = page.locator('.tick li').first();
  await expect(line).toContainText('validation.completed');
  await expect(line.getByRole('link', { name: 'checkout failed 1.5 s' })).toBeVisible();

  await board.send(run('checkout', 'passed', { duration_ms: 200 }));
  await expect(look).toContainText('Nothing needs a look');
  await expect(page.locator('.verdict .word')).toHaveText('All well');
  await expect(page.locator('.tick li')).toHaveCount(2);
  await expect(line).toContainText('checkout passed 200 ms');
  await unbroken(page);
});

test('a row appears, changes and lights up in the list of projects', async ({ page, board }) => {
  await board.send(run('gateway', 'passed'));
  await open(page, '/projects');
  await mark(page);
  await expect(page.locator('.count')).toHaveText('1 project');

  await board.send(run('checkout', 'passed'));
  await expect(page.locator('.count')).toHaveText('2 projects');
  const checkout = row(page, 'checkout');
  await expect(checkout.locator('.st')).toHaveText('healthy');
  await expect(checkout, 'a new row has not changed').not.toHaveClass(/hit/);

  await board.send(run('checkout', 'failed'));
  await expect(checkout.locator('.st')).toHaveText('critical');
  await expect(checkout).toHaveClass(/hit-odd/);
  await board.send(run('checkout', 'failed'));
  await expect(checkout, 'a second change starts the animation anew').toHaveClass(/hit-even/);
  await expect(row(page, 'gateway'), 'what did not change is not lit').not.toHaveClass(/hit/);
  await unbroken(page);
});

test('two tabs show the same', async ({ context, board }) => {
  const [one, two] = [await context.newPage(), await context.newPage()];
  await Promise.all([open(one, '/'), open(two, '/projects')]);
  await board.send(registered('mobile', { name: 'Mobile app' }), run('mobile', 'error'));
  await expect(row(one, 'Mobile app').locator('.st')).toHaveText('critical');
  await expect(row(two, 'Mobile app').locator('.st')).toHaveText('critical');
});

test('the age of a tile goes on, and begins anew with what comes', async ({ page, board }) => {
  await board.send(run('gateway', 'passed'));
  await open(page, '/');
  const foot = card(page, /^Projects/).locator('.foot');
  await expect(foot).toHaveText(/^as of \d.* ago$/);
  const first = await foot.textContent();
  // The rate of events falls for ten seconds after the last one, which is news every second.
  await expect(foot).not.toHaveText(first ?? '', { timeout: 30_000 });
  await expect(foot).toHaveText(/^as of [2-9]\.\d/, { timeout: 30_000 });
  await board.send(run('gateway', 'passed'));
  await expect(foot).toHaveText(/^as of [01]\.\d/);
});

test('the ticker pauses and goes on', async ({ page, board }) => {
  await board.send(run('gateway', 'passed'));
  await open(page, '/');
  await page.getByRole('button', { name: 'Pause' }).click();
  await board.send(run('billing', 'failed'));
  await expect(row(page, 'billing')).toBeVisible();
  await expect(page.locator('.tick li')).toHaveCount(1);
  await page.getByRole('button', { name: 'Resume' }).click();
  await expect(page.locator('.tick li')).toHaveCount(2);
});

test('a host that goes quiet is said to be quiet', async ({ page, board }) => {
  // Nothing is known of its rhythm, so it may be quiet for five minutes.
  await board.send(sampled('build-01', { ago: 5 * MINUTE - 12_000 }));
  await open(page, '/system');
  const host = page.locator('a.host', { hasText: 'build-01' });
  await expect(host.locator('.st')).toHaveText('ok');
  await expect(host).not.toHaveClass(/stale/);
  await expect(host.locator('.st')).toHaveText('quiet', { timeout: 20_000 });
  await expect(host).toHaveClass(/stale/);
  await expect(host.locator('.foot')).toHaveText(/quiet for 5.min/);
  await page.getByRole('link', { name: 'Overview', exact: true }).click();
  await expect(card(page, /^System/).locator('.foot')).toHaveText('build-01 has gone quiet');
  await expect(card(page, /^System/)).toHaveClass(/stale/);
});

test.describe('when the server dies', () => {
  test.use({ expected: SERVER_DOWN });

  test('the board says so, and heals without a reload', async ({ page, board }) => {
    await board.send(run('checkout', 'failed'), run('gateway', 'failed'));
    await open(page, '/');
    await mark(page);
    const rows = page.locator('table.rows tbody tr');
    await expect(rows).toHaveCount(2);
    const tiles = page.locator('.card');
    const count = await tiles.count();
    expect(count).toBeGreaterThan(4);
    await expect(page.locator('.card.stale')).toHaveCount(0);

    await board.kill();
    await expect(pill(page)).toHaveText(/^Reconnecting in \d+ s|^Offline since/);
    await expect(page.locator('.card.stale')).toHaveCount(count);
    await expect(card(page, /^Projects/).locator('.foot')).toHaveText(/^last known \d\d:\d\d:\d\d UTC, .* ago$/);
    await expect(page.locator('.verdict.stale .foot')).toHaveText(/^last known/);
    await expect(rows, 'what was known stays').toHaveCount(2);

    await board.start();
    await board.send(run('search', 'failed'), run('gateway', 'passed'));
    await expect(pill(page)).toHaveText('Live', { timeout: 30_000 });
    await expect(page.locator('.card.stale, .verdict.stale')).toHaveCount(0);
    await expect(row(page, 'search')).toHaveCount(1);
    await expect(row(page, 'checkout')).toHaveCount(1);
    await expect(rows).toHaveCount(2);
    await expect(page.locator('.tick li', { hasText: 'search' })).toHaveCount(1);

    await board.send(run('billing', 'failed'));
    await expect(row(page, 'billing'), 'the new line is a live one').toHaveCount(1);
    await unbroken(page);
  });

  test('a list heals too, and a click does not wait for the next attempt', async ({ page, board }) => {
    await board.send(run('checkout', 'failed'), run('gateway', 'passed'));
    await open(page, '/projects');
    await mark(page);
    await board.kill();
    await expect(pill(page)).toHaveText(/^Offline since \d\d:\d\d:\d\d, next try in \d+ s$/, { timeout: 30_000 });
    await board.start();
    await board.send(run('checkout', 'passed'), run('search', 'passed'));
    await page.locator('.conn').click();
    await expect(pill(page)).toHaveText('Live');
    await expect(page.locator('.count')).toHaveText('3 projects');
    await expect(page.locator('table.rows tbody:not(.spacer) tr')).toHaveCount(3);
    await expect(row(page, 'checkout').locator('.st')).toHaveText('healthy');
    await unbroken(page);
  });

  test('a server that was told to end comes back as well', async ({ page, board }) => {
    await board.send(run('checkout', 'failed'));
    await open(page, '/projects/checkout');
    await mark(page);
    await board.restart();
    await board.send(run('checkout', 'passed'));
    await expect(pill(page)).toHaveText('Live', { timeout: 30_000 });
    await expect(page.locator('.heading .st')).toHaveText('healthy');
    await expect(page.locator('.runs > li')).toHaveCount(2);
    await unbroken(page);
  });
});
