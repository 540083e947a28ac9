// Alerts as people see them: what is active and who takes it, what is kept quiet, what was, and
// how rules and channels are set.
import { ADMIN, close, enter, html, refused, user } from '../access.ts';
import { alerts, cleared, DEEP, depth, past, raised, Receiver } from '../alerts.ts';
import { card, expect, mark, open, type Page, sampled, test, unbroken } from '../fixtures.ts';

/** An alert on the list, by a word of its title. */
const alert = (page: Page, title: string | RegExp) => page.locator('table.alerts tr[data-alert]').filter({ hasText: title });
/** A line of any other list. */
const line = (page: Page, text: string | RegExp) => page.locator('table.cards tbody tr').filter({ hasText: text });
const dialog = (page: Page) => page.getByRole('dialog').filter({ visible: true });
const bell = (page: Page) => page.locator('#bell');
const QUIET = { name: 'Quiet host', severity: 'critical', on: { absent: { host: 'build-01', after_s: 1 } } };

test('a host that goes quiet is seen by everybody, and taken by one', async ({ page, board, browser }) => {
  await close(board);
  await user(board, 'olga', 'operator');
  await user(board, 'boris', 'operator');
  await board.send(sampled('build-01'));
  const elsewhere = await browser.newContext({ baseURL: board.url });
  const other = await elsewhere.newPage();
  await enter(page, 'olga', '/alerts');
  await enter(other, 'boris', '/alerts');
  await expect(page.getByText('Nothing is wrong that is being watched')).toBeVisible();
  await expect(page.getByRole('status').filter({ hasText: 'No alert is active' })).toBeVisible();
  await mark(page);
  await mark(other);

  await board.call('/api/v1/alert-rules', QUIET);
  await expect(alert(page, 'build-01')).toContainText('critical');
  await expect(page).toHaveTitle('(1) Alerts · Bellwether');
  await expect(bell(page)).toContainText('1 alert needs somebody');
  await expect(bell(page)).toHaveAttribute('data-worst', 'crit');
  await expect(page.locator('link[rel=icon]')).toHaveAttribute('href', '/icon-crit.svg');
  await expect(bell(other)).toContainText('1 alert needs somebody');

  await alert(page, 'build-01').getByRole('button', { name: /^Acknowledge/ }).click();
  await expect(alert(other, 'build-01')).toContainText('acknowledged by olga');
  await expect(alert(other, 'build-01').getByRole('button', { name: /^Acknowledge/ })).toHaveCount(0);
  await expect(alert(page, 'build-01')).toContainText('acknowledged by olga');
  await expect(bell(other)).toContainText('No alert needs somebody');
  await expect(other).toHaveTitle('Alerts · Bellwether');
  await expect(page.locator('link[rel=icon]')).toHaveAttribute('href', '/icon.svg');

  await alert(other, 'build-01').getByRole('link').first().click();
  await expect(other).toHaveURL(/\/alerts\/[0-9a-f-]+$/);
  await expect(other.locator('.timeline')).toContainText('It fired');
  await expect(other.locator('.timeline')).toContainText('by olga');

  // The host is heard again: it is over, and kept.
  await board.send(sampled('build-01'));
  await expect(other.locator('.timeline')).toContainText('It was resolved');
  await unbroken(page);
  await unbroken(other);
  await open(other, '/alerts/history');
  await expect(line(other, 'build-01').filter({ hasText: 'acknowledged by olga' }).first()).toContainText('resolved');
  await elsewhere.close();
});

test('what is silenced makes no noise until the silence ends', async ({ page, board }) => {
  await board.send(raised('db-1', 'critical'), raised('db-2', 'warning'));
  await alerts(board, 2);
  await open(page, '/alerts');
  await expect(bell(page)).toContainText('2 alerts need somebody');
  // By the keys: down to the first alert, and `s`.
  await page.keyboard.press('j');
  await expect(alert(page, 'db-1').getByRole('link').first()).toBeFocused();
  await page.keyboard.press('s');
  await expect(dialog(page)).toContainText('Silence db-1 is down');
  await dialog(page).getByLabel('How long').selectOption('until…');
  await dialog(page).getByRole('button', { name: 'Silence' }).click();
  await expect(dialog(page)).toContainText('pick a time');
  await dialog(page).getByLabel('How long').selectOption('for 4 hours');
  await dialog(page).getByLabel('Comment').fill('A new disk comes');
  await dialog(page).getByRole('button', { name: 'Silence' }).click();
  await expect(alert(page, 'db-1')).toContainText('silenced until');
  await expect(bell(page)).toContainText('1 alert needs somebody');

  // Another one by what it matches, once it is seen what that is.
  await open(page, '/alerts/silences');
  await expect(line(page, 'A new disk comes')).toContainText('db-1 is down');
  const made = page.locator('section').filter({ has: page.getByRole('heading', { name: 'Silence what matches' }) });
  await made.getByLabel('Which alerts').fill('severity=warning');
  await expect(made.locator('.hits')).toContainText('1 alert that is active now');
  await expect(made.locator('.hits')).toContainText('db-2 is down');
  await made.getByLabel('Comment').fill('Moving house');
  await made.getByRole('button', { name: 'Silence' }).click();
  await expect(line(page, 'Moving house')).toContainText('severity warning');
  await expect(bell(page)).toContainText('No alert needs somebody');

  await line(page, 'Moving house').getByRole('button', { name: 'End this silence' }).click();
  await dialog(page).getByRole('button', { name: 'End it' }).click();
  await expect(line(page, 'Moving house')).toHaveCount(0);
  await expect(bell(page)).toContainText('1 alert needs somebody');
  await expect(line(page, 'A new disk comes')).toHaveCount(1);
});

test('several are acknowledged at once, and the list is narrowed by the address', async ({ page, board }) => {
  await board.send(raised('db-1', 'critical', { tags: ['team=pay'] }), raised('db-2', 'warning'), raised('web', 'warning'));
  await alerts(board, 3);
  await open(page, '/alerts?q=db');
  await expect(page.locator('tr[data-alert]')).toHaveCount(2);
  // All of them are of one kind, and stand below its head.
  await expect(page.locator('tr.head-of')).toContainText('2 alerts');
  for (const [name, count] of [['db-1', 1], ['db-2', 2]] as const) {
    await alert(page, name).getByRole('link').first().focus();
    await page.keyboard.press('x');
    await expect(page.locator('.selection')).toContainText(`${count} selected`);
  }
  await page.locator('.selection').getByRole('button', { name: 'Acknowledge' }).click();
  await expect(alert(page, 'db-1')).toContainText('acknowledged by');
  await expect(alert(page, 'db-2')).toContainText('acknowledged by');
  await expect(page.locator('.selection')).toHaveCount(0);

  await page.getByRole('group', { name: 'How they stand' }).getByRole('link', { name: /acknowledged/ }).click();
  await expect(page).toHaveURL(/state=acknowledged/);
  await open(page, '/alerts?state=loud');
  await expect(page.locator('tr[data-alert]')).toHaveCount(1);
  await expect(alert(page, 'web')).toBeVisible();
  await open(page, '/alerts?label=team%3Dpay');
  await expect(page.locator('tr[data-alert]')).toHaveCount(1);
  await page.getByRole('link', { name: 'No longer only label team=pay' }).click();
  await expect(page.locator('tr[data-alert]')).toHaveCount(3);
  await open(page, '/alerts?severity=info');
  await expect(page.getByText('No alert is like that')).toBeVisible();
});

test('history is narrowed by what is asked for', async ({ page, board }) => {
  await board.send(raised('db-1', 'critical'), raised('db-2', 'warning'), raised('web', 'warning'));
  await alerts(board, 3);
  await board.send(cleared('db-2'));
  await open(page, '/alerts/history');
  const lines = page.locator('table.cards tbody tr');
  await expect(lines).toHaveCount(3);
  await expect(line(page, 'db-2')).toContainText('resolved');
  await expect(line(page, 'web')).toContainText('still');
  await page.getByLabel('Severity').selectOption('warning');
  await expect(page).toHaveURL(/severity=warning/);
  await expect(lines).toHaveCount(2);
  await page.getByLabel('Stage').selectOption('resolved');
  await expect(lines).toHaveCount(1);
  await expect(lines).toContainText('db-2');
  await open(page, '/alerts/history?q=web&source=nagios');
  await expect(lines).toHaveCount(1);
  await open(page, '/alerts/history?end_time=2020-01-01T00%3A00');
  await expect(page.getByText('No alert was like that')).toBeVisible();
});

test('a rule is tried on the past, saved, turned off and removed', async ({ page, board }) => {
  await board.send(...past(), depth(250), depth(240));
  await open(page, '/alerts/rules');
  await expect(line(page, 'Findings').getByRole('button', { name: /^Remove/ })).toHaveCount(0);
  await page.getByRole('link', { name: 'New rule' }).click();
  await expect(page.getByLabel('Finding', { exact: true })).toBeVisible();
  await page.getByLabel('Watches').selectOption('a metric');
  await expect(page.getByLabel('Finding', { exact: true })).toBeHidden();
  await page.getByLabel('Name', { exact: true }).fill(DEEP.name);
  await page.getByLabel('Metric', { exact: true }).fill('queue_depth');
  await page.getByLabel('Taken as').selectOption('max');
  await page.getByLabel('Over the last', { exact: true }).fill('soon');
  await page.getByLabel('Threshold').fill('100');
  await page.getByLabel('Severity', { exact: true }).selectOption('critical');
  const test = page.getByRole('button', { name: 'Test', exact: true });
  await test.click();
  const length = page.locator('.field').filter({ has: page.getByLabel('Over the last', { exact: true }) });
  await expect(length.getByRole('alert')).not.toBeEmpty();
  await expect(page.getByLabel('Over the last', { exact: true })).toBeFocused();
  await page.getByLabel('Over the last', { exact: true }).fill('1m');
  await test.click();
  const tested = card(page, 'Test on the past');
  await expect(tested).toContainText('It would have fired once, and never flapped.');
  await expect(tested.getByRole('img', { name: /queue_depth/ })).toBeVisible();
  await expect(tested.locator('.ch-threshold')).toHaveAttribute('d', /^M/);
  await expect(tested.locator('.ch-shade')).toHaveAttribute('d', /^M/);
  await expect(length.getByRole('alert')).toBeEmpty();
  // Nobody was told of anything, and nothing is saved yet.
  expect((await board.get('/api/v1/alert-rules')).items).toHaveLength(2);

  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page).toHaveURL(/\/alerts\/rules$/);
  await expect(line(page, DEEP.name)).toContainText('queue_depth');
  await expect(line(page, DEEP.name)).toContainText('critical');
  await board.send(depth(260));
  await alerts(board, 1);
  await line(page, DEEP.name).getByRole('button', { name: /^Turn off/ }).click();
  await expect(line(page, DEEP.name)).toContainText('off');
  await expect(line(page, DEEP.name).getByRole('button', { name: /^Turn on/ })).toBeVisible();
  await line(page, DEEP.name).getByRole('button', { name: /^Remove/ }).click();
  await dialog(page).getByRole('button', { name: 'Remove' }).click();
  await expect(line(page, DEEP.name)).toHaveCount(0);
});

test('an alert shows what was measured, and takes a comment', async ({ page, board }) => {
  await board.call('/api/v1/alert-rules', DEEP);
  await board.send(depth(20), depth(250));
  const [{ id }] = await alerts(board, 1);
  await open(page, `/alerts/${id}`);
  const measured = card(page, 'What was measured');
  await expect(measured.locator('.ch-threshold')).toHaveAttribute('d', /^M/);
  await expect(measured.locator('.ch-shade')).toHaveAttribute('d', /^M/);
  const known = card(page, 'Known of it');
  await expect(known.getByRole('link', { name: 'What to do' })).toHaveAttribute('href', DEEP.runbook);
  await expect(known).toContainText(DEEP.owner);
  await expect(known.getByRole('link', { name: 'team=post' })).toHaveAttribute('href', /label=team/);
  await page.getByRole('button', { name: 'Acknowledge with a comment' }).click();
  await dialog(page).getByLabel('Comment').fill('The post is on strike');
  await dialog(page).getByRole('button', { name: 'Acknowledge' }).click();
  await expect(page.locator('.alert-head')).toContainText('The post is on strike');
  await expect(page.locator('.timeline')).toContainText('The post is on strike');
  await expect(page.getByRole('button', { name: /^Acknowledge/ })).toHaveCount(0);
});

test.describe('channels', () => {
  // An address that cannot be is refused.
  test.use({ further: { args: ['--notify-allow-private'] }, expected: refused(422) });

  test('are made, tried out, and tell of alerts', async ({ page, board }) => {
    const receiver = await Receiver.create();
    const SECRET = `whsec_${Buffer.from('not to be seen by anybody!!').toString('base64')}`;
    await open(page, '/alerts/channels');
    await expect(page.getByText('Alerts reach nobody yet')).toBeVisible();
    await page.getByRole('button', { name: 'New channel' }).click();
    const asked = dialog(page);
    await asked.getByLabel('Name', { exact: true }).fill('The post');
    await expect(asked.getByLabel('To', { exact: true })).toBeHidden();
    await asked.getByLabel('Address').fill('nowhere');
    await asked.getByRole('button', { name: 'Save' }).click();
    await expect(asked.getByLabel('Address')).toBeFocused();
    await asked.getByLabel('Address').fill(`${receiver.url}/hook`);
    await asked.getByLabel('Secret').fill(SECRET);
    await asked.getByRole('button', { name: 'Save' }).click();
    await expect(line(page, 'The post')).toContainText('never');

    await line(page, 'The post').getByRole('button', { name: 'Test The post' }).click();
    await expect(page.locator('.told')).toContainText('The post took it in');
    expect(receiver.got.map(({ path }) => path)).toEqual(['/hook']);
    receiver.status = 403;
    await line(page, 'The post').getByRole('button', { name: 'Test The post' }).click();
    await expect(page.locator('.told')).toContainText('The post did not take it');
    await expect(page.locator('.told')).toContainText('403');
    receiver.status = 200;

    await board.send(raised('db-1', 'critical'));
    await expect.poll(() => receiver.got.filter(({ body }) => JSON.stringify(body).includes('db-1 is down')).length).toBe(1);
    await page.reload();
    await expect(line(page, 'The post')).not.toContainText('never');
    expect((await html(page, '/alerts/channels')).text).not.toContain(SECRET);
    await receiver.close();
  });
});

test('a viewer sees alerts and no button', async ({ page, board }) => {
  await close(board);
  await user(board, 'vera', 'viewer');
  await board.send(raised('db-1', 'critical'));
  const [{ id }] = await alerts(board, 1);
  await board.call('/api/v1/silences', { match: { severity: 'info' }, for_s: 600, comment: 'Too much' });
  await enter(page, 'vera', '/alerts');
  await expect(page.getByRole('navigation', { name: 'Alerts' }).getByRole('link')).toHaveText(['Active', 'History', 'Silences']);
  await expect(alert(page, 'db-1')).toBeVisible();
  const acts = /Acknowledge|Silence|^End|^Select|New window|Remove/;
  for (const path of ['/alerts', `/alerts/${id}`, '/alerts/silences']) {
    await open(page, path);
    await expect(page.locator('main')).toContainText(path.endsWith('silences') ? 'Too much' : 'db-1 is down');
    await expect(page.locator('main').getByRole('button', { name: acts })).toHaveCount(0);
    await expect(page.locator('main').getByRole('checkbox')).toHaveCount(0);
  }
  // Nor do the keys do anything.
  await open(page, '/alerts');
  await page.keyboard.press('j');
  await page.keyboard.press('s');
  await page.keyboard.press('a');
  await expect(dialog(page)).toHaveCount(0);
  await expect(bell(page)).toContainText('1 alert needs somebody');
  for (const path of ['/alerts/rules', '/alerts/rules/new', '/alerts/channels']) {
    expect((await html(page, path)).status, path).toBe(403);
  }
  await page.context().clearCookies();
  await enter(page, ADMIN, '/alerts/rules');
  await expect(line(page, 'Findings')).toContainText('built in');
});

test('what the bell is to do is kept by the browser', async ({ page, board }) => {
  await open(page, '/projects');
  await bell(page).click();
  await expect(page.getByLabel('Sound')).not.toBeChecked();
  await page.getByLabel('Sound').check();
  await open(page, '/projects');
  await board.send(raised('db-1', 'critical'));
  // Its list is followed now, and so it is known what is new.
  await expect(bell(page)).toHaveAttribute('data-news', /db-1 is down/);
  await expect(page).toHaveTitle('(1) Projects · Bellwether');
  await bell(page).click();
  await expect(page.getByLabel('Sound')).toBeChecked();
  await page.locator('#bell-menu').getByRole('link', { name: 'Alerts' }).click();
  await expect(page).toHaveURL(/\/alerts$/);
  await expect(page.locator('#bell-menu')).toBeHidden();
});
