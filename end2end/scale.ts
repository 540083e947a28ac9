// What makes a page with very many rows slow, counted rather than timed: how much of it is drawn, and
// how much of that is drawn anew.
import { expect, type Page } from './fixtures.ts';

/** Counts from now on the elements that come new into the page, frame by frame. */
export async function watch(page: Page): Promise<void> {
  await page.evaluate(() => {
    const scale = { frames: [] as number[], frame: 0 };
    Object.assign(window, { scale });
    new MutationObserver((changes) => {
      for (const { addedNodes } of changes) {
        for (const node of addedNodes) {
          if (node instanceof Element && node.isConnected) scale.frame += 1 + node.querySelectorAll('*').length;
        }
      }
    }).observe(document.documentElement, { childList: true, subtree: true });
    const next = () => {
      if (scale.frame > 0) scale.frames.push(scale.frame);
      scale.frame = 0;
      requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
  });
}

/** Expects that since `watch` no frame brought more than `most` new elements, though some were brought. */
export async function expectDrawnAtOnce(page: Page, most: number): Promise<void> {
  const frames = await page.evaluate(() => (window as any).scale.frames as number[]);
  expect(frames.length, 'frames that brought something new').toBeGreaterThan(0);
  expect(Math.max(...frames), 'elements that came with one frame').toBeLessThanOrEqual(most);
}

/** Scrolls from the top to the bottom, and waits at each step until the page is drawn. */
export async function scroll(page: Page, steps: number, drawn?: () => Promise<void>): Promise<void> {
  for (let i = 1; i <= steps; i += 1) {
    await page.evaluate(async (share) => {
      window.scrollTo(0, document.documentElement.scrollHeight * share);
      await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    }, i / steps);
    await drawn?.();
  }
}
