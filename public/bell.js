// What the bell does outside of the page: the icon of the tab, a sound, and a notification. The
// page says by attributes of the bell how bad it is and what is new; this does the rest, in the
// one tab of this browser that holds the lock.
let bell = null;
let told = null;
let leads = !navigator.locks;
let audio = null;

// The lock is let go when the tab is closed, and the next tab gets it.
navigator.locks?.request('bellwether-bell', () => {
  leads = true;
  return new Promise(() => {});
});

const wants = (what) => {
  try {
    return localStorage.getItem(what) === 'on';
  } catch {
    return false;
  }
};

function sound(critical) {
  audio ??= new AudioContext();
  void audio.resume();
  (critical ? [880, 660, 880] : [660, 880]).forEach((pitch, i) => {
    const [tone, gain, at] = [audio.createOscillator(), audio.createGain(), audio.currentTime + 0.2 * i];
    tone.frequency.value = pitch;
    gain.gain.setValueAtTime(0.15, at);
    gain.gain.exponentialRampToValueAtTime(0.001, at + 0.18);
    tone.connect(gain).connect(audio.destination);
    tone.start(at);
    tone.stop(at + 0.2);
  });
}

function notify({ id, title, body }) {
  if (!('Notification' in window) || Notification.permission !== 'granted') return;
  const shown = new Notification(title, { body, tag: id, icon: '/icon.svg' });
  shown.onclick = () => {
    window.focus();
    location.assign(`/alerts/${encodeURIComponent(id)}`);
  };
}

function look() {
  const worst = bell.dataset.worst;
  const icon = document.querySelector('link[rel=icon]');
  const wanted = worst ? `/icon-${worst}.svg` : '/icon.svg';
  if (icon && icon.getAttribute('href') !== wanted) icon.setAttribute('href', wanted);
  const news = bell.dataset.news;
  if (!news || news === told) return;
  told = news;
  if (!leads) return;
  const alerts = JSON.parse(news);
  if (wants('alert-sound')) sound(alerts.some((alert) => alert.critical));
  if (wants('alert-notify')) alerts.forEach(notify);
}

// Only a click may ask for these.
document.addEventListener('change', async ({ target }) => {
  if (target.id === 'alert-sound' && target.checked) sound(false);
  if (target.id !== 'alert-notify' || !target.checked) return;
  const answer = 'Notification' in window ? await Notification.requestPermission() : 'denied';
  if (answer === 'granted') return;
  target.checked = false;
  target.dispatchEvent(new Event('change', { bubbles: true }));
});

const watcher = new MutationObserver(look);
const find = () => {
  bell = document.getElementById('bell');
  if (!bell) return;
  watcher.observe(bell, { attributes: true, attributeFilter: ['data-worst', 'data-news'] });
  look();
};
if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', find);
else find();
