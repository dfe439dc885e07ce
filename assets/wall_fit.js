// How large a tile may be so that every channel is on the screen: tried out by arithmetic, the largest that fits.
(() => {
  "use strict";
  const cw = (window.cellwatch = window.cellwatch || {});
  const wall = (cw.wall = cw.wall || {});
  // Widths in px of a 1080p screen, more on a larger one; `tall` is height by width; with more channels than `most` a crowd
  // of numbers says nothing to anyone.
  const LEVELS = [
    { density: "roomy", most: 260, widest: 230, narrowest: 96, tall: 0.74 },
    { density: "roomy", most: 260, widest: 116, narrowest: 88, tall: 0.6 },
    { density: "dense", most: 500, widest: 76, narrowest: 27, tall: 0.72 },
    { density: "tiny", most: Infinity, widest: 44, narrowest: 7, tall: 1 },
  ];

  const NARROWEST = 262; // px of a 1080p screen: the head of a cycler, in few words

  // Height of all blocks, c beside each other, with so many tiles in a row of a block.
  function heightOf(counts, c, row, high, gap, head, apart) {
    let sum = 0;
    for (let i = 0; i < counts.length; i += c) {
      const rows = Math.max(...counts.slice(i, i + c).map((n) => Math.ceil(n / row)));
      sum += head + rows * (high + gap) - gap + (i ? apart : 0);
    }
    return sum;
  }

  // What room is left makes the tiles higher, as far as they stay wider than high.
  function higher(counts, { columns, row, height }, high, wide, level, room) {
    let rows = 0;
    for (let i = 0; i < counts.length; i += columns) rows += Math.max(...counts.slice(i, i + columns).map((n) => Math.ceil(n / row)));
    const most = level.density === "roomy" && level.tall > 0.7 ? 0.92 * wide : level.tall * wide;
    return Math.max(high, Math.min(most, high + Math.floor((room - height) / Math.max(1, rows))));
  }

  // counts: tiles of each block; room {width, height}; unit: px of one px of a 1080p screen. Whole lab by place or by need.
  wall.fit = (counts, room, unit) => {
    const channels = counts.reduce((sum, n) => sum + n, 0);
    const head = 30 * Math.max(unit, 0.72);
    const apart = 10 * unit;
    for (const level of LEVELS) {
      if (channels > level.most) continue;
      const gap = Math.max(2, Math.round((level.density === "tiny" ? 3 : 5) * unit));
      const scale = Math.max(1, unit);
      const narrowest = level.density === "tiny" ? level.narrowest : level.narrowest * scale;
      for (let width = level.widest * scale; width >= narrowest; width -= level.density === "tiny" ? 0.5 : 2) {
        const high = Math.floor(width * level.tall);
        let best = null;
        for (let c = 1; c <= Math.min(counts.length || 1, 12); c += 1) {
          const block = (room.width - (c - 1) * 22 * unit) / c;
          const row = Math.floor((block + gap) / (width + gap));
          if (row < 1 || block < NARROWEST * unit) break;
          const height = heightOf(counts, c, row, high, gap, head, apart);
          if (height <= room.height && (!best || height < best.height)) best = { columns: c, row, height, block };
        }
        const last = level.density === "tiny" && width - 0.5 < narrowest;
        if (!best && !last) continue;
        const found = best || { columns: 1, row: Math.max(1, Math.floor(room.width / (width + gap))), block: room.width, height: room.height };
        const wide = (found.block - (found.row - 1) * gap) / found.row; // tiles fill their block
        return { ...found, density: level.density, flat: level.tall < 0.7, width: wide, high: higher(counts, found, high, wide, level, room.height), gap, head, apart };
      }
    }
    return null;
  };
})();
