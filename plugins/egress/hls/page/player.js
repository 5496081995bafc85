'use strict';

// Plays live.m3u8 through Media Source Extensions: every part is appended as it comes. Where the browser has none but
// plays HLS by itself, it is left to do so.

const video = document.getElementById('video');
const note = document.getElementById('note');
const link = document.getElementById('link');
const Source = self.ManagedMediaSource || self.MediaSource;
const behindMost = 3; // seconds behind the newest media, before the player jumps
const behindAim = 0.6;
const keep = 30; // seconds of media kept behind the picture

const say = (text) => { if (note.textContent !== text) note.textContent = text; };
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const once = (target, name) => new Promise((done) => target.addEventListener(name, done, { once: true }));

document.getElementById('name').textContent = decodeURIComponent(location.pathname.replace(/^\/|\/$/g, ''));
document.title = document.getElementById('name').textContent;
link.textContent = link.href;

async function get(url) {
  const answer = await fetch(url, { cache: 'no-store' });
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return answer;
}

// boxes calls f with name, start and end of each MP4 box of view between from and to.
function boxes(view, from, to, f) {
  while (from + 8 <= to) {
    const size = view.getUint32(from);
    if (size < 8 || from + size > to) return;
    const name = String.fromCharCode(...new Uint8Array(view.buffer, from + 4, 4));
    f(name, from + 8, from + size);
    from += size;
  }
}

// descend calls f with the body of every box at a path of names.
function descend(view, from, to, path, f) {
  boxes(view, from, to, (name, start, end) => {
    if (name !== path[0]) return;
    if (path.length === 1) f(start, end); else descend(view, start, end, path.slice(1), f);
  });
}

// timescales reads ticks a second of each track of an init segment.
function timescales(bytes) {
  const view = new DataView(bytes);
  const scales = new Map();
  descend(view, 0, bytes.byteLength, ['moov', 'trak'], (start, end) => {
    let id = 0;
    descend(view, start, end, ['tkhd'], (at) => { id = view.getUint32(at + (view.getUint8(at) === 1 ? 20 : 12)); });
    descend(view, start, end, ['mdia', 'mdhd'], (at) => {
      scales.set(id, view.getUint32(at + (view.getUint8(at) === 1 ? 20 : 12)));
    });
  });
  return scales;
}

// baseTime is when a part begins, in seconds.
function baseTime(bytes, scales) {
  const view = new DataView(bytes);
  let first = Infinity;
  descend(view, 0, bytes.byteLength, ['moof', 'traf'], (start, end) => {
    let id = 0;
    descend(view, start, end, ['tfhd'], (at) => { id = view.getUint32(at + 4); });
    descend(view, start, end, ['tfdt'], (at) => {
      const ticks = view.getUint8(at) === 1 ? Number(view.getBigUint64(at + 4)) : view.getUint32(at + 4);
      first = Math.min(first, ticks / (scales.get(id) || 1));
    });
  });
  return Number.isFinite(first) ? first : 0;
}

// parse turns a media playlist into its parts, each with its place and init segment.
function parse(text) {
  const parts = [];
  let sequence = 0, breaks = 0, index = 0, init = '';
  for (const line of text.split('\n')) {
    const value = line.slice(line.indexOf(':') + 1);
    const attribute = (name) => (value.match(new RegExp(`(?:^|,)${name}=(?:"([^"]*)"|([^,]*))`)) || []).slice(1).find((v) => v !== undefined);
    if (line.startsWith('#EXT-X-MEDIA-SEQUENCE:')) sequence = Number(value);
    else if (line.startsWith('#EXT-X-DISCONTINUITY-SEQUENCE:')) breaks = Number(value);
    else if (line === '#EXT-X-DISCONTINUITY') breaks++;
    else if (line.startsWith('#EXT-X-MAP:')) init = attribute('URI');
    else if (line.startsWith('#EXT-X-PART:')) {
      parts.push({ sequence, index: index++, breaks, init, url: attribute('URI'), independent: attribute('INDEPENDENT') === 'YES' });
    } else if (line && !line.startsWith('#')) { sequence++; index = 0; }
  }
  return { parts, next: { sequence, index } };
}

class Player {
  constructor() {
    this.place = null; // of the next part
    this.init = '';
    this.breaks = -1;
    this.placed = false; // the picture is where it should be
    this.scales = new Map();
  }

  async start() {
    const master = await (await get('index.m3u8')).text();
    this.codecs = (master.match(/CODECS="([^"]*)"/) || [])[1] || '';
    const type = `video/mp4; codecs="${this.codecs}"`;
    if (!Source || !Source.isTypeSupported(type)) return false;
    this.source = new Source();
    video.disableRemotePlayback = true;
    video.src = URL.createObjectURL(this.source);
    if (this.source.readyState !== 'open') await once(this.source, 'sourceopen');
    this.buffer = this.source.addSourceBuffer(type);
    this.type = type;
    return true;
  }

  async run() {
    for (;;) {
      let url = 'live.m3u8';
      if (this.place) url += `?_HLS_msn=${this.place.sequence}&_HLS_part=${this.place.index}`;
      const list = parse(await (await get(url)).text());
      let todo = list.parts.filter((p) => this.place &&
        (p.sequence > this.place.sequence || p.sequence === this.place.sequence && p.index >= this.place.index));
      if (!this.place || todo.length > 40) { // new, or far behind: begin at the newest place where decoding can
        const at = list.parts.findLastIndex((p) => p.independent);
        if (at < 0) { await pause(200); continue; }
        todo = list.parts.slice(at);
        this.breaks = -1;
      }
      for (const part of todo) await this.append(part);
      this.place = list.next;
      await this.follow();
    }
  }

  async append(part) {
    const bytes = await (await get(part.url)).arrayBuffer();
    if (part.init !== this.init || part.breaks !== this.breaks) {
      const init = await (await get(part.init)).arrayBuffer();
      this.scales = timescales(init);
      if (this.init && part.init !== this.init) await this.change();
      const end = this.buffer.buffered.length ? this.buffer.buffered.end(this.buffer.buffered.length - 1) : 0;
      this.buffer.timestampOffset = end - baseTime(bytes, this.scales);
      await this.put(init);
      this.init = part.init;
      this.breaks = part.breaks;
    }
    await this.put(bytes);
  }

  // change takes over the codecs of a new epoch.
  async change() {
    const master = await (await get('index.m3u8')).text();
    const type = `video/mp4; codecs="${(master.match(/CODECS="([^"]*)"/) || [])[1] || this.codecs}"`;
    if (type !== this.type) this.buffer.changeType(type);
    this.type = type;
  }

  async put(bytes) {
    this.buffer.appendBuffer(bytes);
    await once(this.buffer, 'updateend');
  }

  // follow keeps the picture near the newest media.
  follow() {
    const ranges = this.buffer.buffered;
    if (!ranges.length) return;
    const end = ranges.end(ranges.length - 1);
    const start = ranges.start(ranges.length - 1);
    const behind = end - video.currentTime;
    if (!this.placed || !video.paused && behind > behindMost || video.currentTime < start) {
      video.currentTime = Math.max(start, end - behindAim);
      this.placed = true;
    }
    video.playbackRate = behind > 0.9 ? 1.05 : 1;
    if (video.currentTime - ranges.start(0) > 2 * keep && !this.buffer.updating) {
      this.buffer.remove(0, video.currentTime - keep);
      return once(this.buffer, 'updateend');
    }
    say(`Live. ${Math.max(behind, 0).toFixed(1)} s buffered.`);
  }
}

async function main() {
  for (;;) {
    const player = new Player();
    try {
      if (!await player.start()) {
        if (video.canPlayType('application/vnd.apple.mpegurl')) {
          video.src = 'index.m3u8';
          say('Played by the browser itself.');
        } else {
          say(`This browser cannot play ${player.codecs}. Open the link below in mpv, VLC or another player.`);
        }
        return;
      }
      video.play().catch(() => say('Press play to start.'));
      await player.run();
    } catch (error) {
      say(`The stream does not flow at the moment, trying again. (${error.message})`);
      await pause(1000);
    }
  }
}

main();
