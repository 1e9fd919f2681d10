extension Page {
    /// Colours of series c0 ... c8 are told apart by people with colour-blindness too, on either background.
    static let style = """
        :root { --back: #ffffff; --text: #1c2024; --soft: #5b646e; --line: #d7dce1; --card: #f6f8fa;
          --c0: #0060a8; --c1: #c04a00; --c2: #007a5a; --c3: #a0358a; --c4: #8a6d00; --c5: #2b8fc7; --c6: #c22f45;
          --c7: #4f5bd5; --c8: #5a6b2c; }
        @media (prefers-color-scheme: dark) { :root { --back: #14171a; --text: #e6e9ec; --soft: #a3adb8;
          --line: #363d45; --card: #1c2126; --c0: #56b4ff; --c1: #ff9a4d; --c2: #3fd3a5; --c3: #ef8fd8; --c4: #e6cc45;
          --c5: #8fd6ff; --c6: #ff8090; --c7: #a5adff; --c8: #b8cc7a; } }
        * { box-sizing: border-box; }
        body { margin: 0 auto; padding: 1rem; max-width: 72rem; background: var(--back); color: var(--text);
          font: 1rem/1.5 system-ui, sans-serif; }
        h1 { font-size: 1.6rem; line-height: 1.2; margin: 0.5rem 0; overflow-wrap: anywhere; }
        h2 { font-size: 1.2rem; margin: 2rem 0 0.25rem; }
        p { margin: 0.25rem 0 0.75rem; color: var(--soft); max-width: 46rem; }
        .grid { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 25rem), 1fr)); }
        figure { margin: 0; padding: 0.75rem; background: var(--card); border: 1px solid var(--line);
          border-radius: 0.5rem; }
        .grid svg text { font-size: 16px; }
        .single figure { max-width: 52rem; }
        figcaption { font-weight: 600; margin-bottom: 0.25rem; }
        svg { display: block; width: 100%; height: auto; }
        svg text { font: 13px system-ui, sans-serif; fill: var(--soft); }
        svg .axis-title { fill: var(--text); }
        svg .roof-label { fill: var(--text); stroke: var(--card); stroke-width: 4px; paint-order: stroke; pointer-events: none; }
        svg .mark-label { fill: var(--text); stroke: var(--card); stroke-width: 4px; paint-order: stroke; pointer-events: none; }
        svg .grid-line { stroke: var(--line); stroke-width: 1; }
        svg .frame { stroke: var(--soft); stroke-width: 1; fill: none; }
        svg .curve { fill: none; stroke-width: 2.5; stroke-linejoin: round; }
        svg .roof { fill: none; stroke: var(--soft); stroke-width: 2; }
        svg .spread { stroke-width: 1.5; opacity: 0.6; }
        .legend { display: flex; flex-wrap: wrap; gap: 0.15rem 1rem; margin: 0.5rem 0 0; padding: 0; list-style: none;
          font-size: 0.875rem; }
        .legend li { display: flex; align-items: center; gap: 0.4rem; overflow-wrap: anywhere; }
        .legend svg { width: 30px; height: 14px; flex: none; }
        .scroll { overflow-x: auto; }
        table { border-collapse: collapse; font-size: 0.875rem; font-variant-numeric: tabular-nums; }
        th, td { padding: 0.25rem 0.6rem; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
        th.text, td.text, .facts th, .facts td { text-align: left; }
        .facts td { white-space: normal; overflow-wrap: anywhere; }
        thead th { border-bottom: 2px solid var(--soft); }
        @media (max-width: 40rem) { svg text, .grid svg text { font-size: 17px; } body { padding: 0.6rem; } figure { padding: 0.4rem; } }
        """
}
