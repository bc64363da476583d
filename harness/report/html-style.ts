import { Markup } from './html-markup.ts';

/** The page's whole style: tables fit any width, and stack their fields on a phone. Colours are variables, once for light and once for dark; contrast is at least 4.5:1. */
export const STYLE = Markup.trusted(`
:root {
  --page: #f6f7f9; --card: #ffffff; --line: #dfe3e8; --text: #1c2430; --quiet: #5a6675; --link: #0b57d0; --code: #eef1f4;
  --passed: #14713c; --failed: #b3261e; --errored: #9a4a00; --skipped: #5a6675;
  --passed-back: #e4f4ea; --failed-back: #fdeceb; --errored-back: #fdf0e1; --skipped-back: #eceff3;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12161c; --card: #1a2029; --line: #2e3743; --text: #e4e8ee; --quiet: #9aa7b7; --link: #8ab4f8; --code: #232b36;
    --passed: #6fd196; --failed: #ff8a80; --errored: #ffb869; --skipped: #9aa7b7;
    --passed-back: #14301f; --failed-back: #3a1a19; --errored-back: #362512; --skipped-back: #252d38;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1200px; margin: 0 auto; padding: 24px 20px; display: grid; gap: 20px; grid-template-columns: minmax(0, 1fr); }
header, section, .cell { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 18px 22px; }
header { border-top: 5px solid var(--skipped); }
header.passed { border-top-color: var(--passed); }
header.failed, header.leaked, header.aborted { border-top-color: var(--failed); }
header.errored, header.timed-out { border-top-color: var(--errored); }
h1 { font-size: 24px; margin: 0 0 10px; overflow-wrap: anywhere; }
h2 { font-size: 18px; margin: 0 0 12px; overflow-wrap: anywhere; }
h3 { font-size: 15px; margin: 0 0 6px; overflow-wrap: anywhere; }
small { color: var(--quiet); font-weight: 400; font-size: 13px; }
a { color: var(--link); }
code, pre { font: 13px/1.45 ui-monospace, "DejaVu Sans Mono", monospace; }
pre { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
code { overflow-wrap: anywhere; }
.command { background: var(--code); border-radius: 6px; padding: 8px 12px; margin: 0 0 12px; }
.enter { margin: 0 0 4px; }
.badge { display: inline-block; padding: 1px 10px; border-radius: 99px; font-size: 13px; font-weight: 600; vertical-align: 2px; }
.badge.passed { color: var(--passed); background: var(--passed-back); }
.badge.failed, .badge.leaked, .badge.aborted { color: var(--failed); background: var(--failed-back); }
.badge.errored, .badge.timed-out { color: var(--errored); background: var(--errored-back); }
.badge.skipped { color: var(--skipped); background: var(--skipped-back); }
.counts { margin: 0 0 14px; display: flex; flex-wrap: wrap; gap: 20px; }
.count b { font-size: 22px; }
.count.passed b { color: var(--passed); }
.count.failed b, .count.leaked b, .count.aborted b { color: var(--failed); }
.count.errored b, .count.timed-out b { color: var(--errored); }
.reason, .message, .warning { margin: 0 0 10px; overflow-wrap: anywhere; white-space: pre-wrap; }
.warning { color: var(--errored); }
.facts { margin: 0 0 12px; display: flex; flex-wrap: wrap; gap: 8px 26px; }
.facts dt { color: var(--quiet); font-size: 12px; }
.facts dd { margin: 0; overflow-wrap: anywhere; }
.facts > div { min-width: 0; max-width: 100%; }
.problems li { overflow-wrap: anywhere; }
.problems { border-left: 5px solid var(--errored); }
.case { border: 0; border-left: 4px solid var(--failed); padding: 4px 0 4px 14px; margin-bottom: 18px; }
.case h3, .cell h2 { display: inline; }
.cell > summary + div { margin-top: 14px; }
[id] { scroll-margin-top: 70px; }
:target { outline: 2px solid var(--link); outline-offset: 3px; }
.case.errored, .case.timed-out { border-left-color: var(--errored); }
.case:last-child { margin-bottom: 0; }
.finding { margin: 0; display: grid; grid-template-columns: 80px minmax(0, 1fr); gap: 6px 12px; }
.finding dt { color: var(--quiet); }
.finding dd { margin: 0; overflow-wrap: anywhere; }
.finding pre { background: var(--code); border-radius: 6px; padding: 8px 12px; }
table { border-collapse: collapse; width: 100%; table-layout: fixed; }
th { text-align: left; font-weight: 600; }
th, td { padding: 6px 12px; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
thead th { color: var(--quiet); font-size: 13px; font-weight: 500; }
td small, th small { display: block; }
td.passed { color: var(--passed); }
td.failed, td.leaked, td.aborted { color: var(--failed); background: var(--failed-back); }
td.errored, td.timed-out { color: var(--errored); background: var(--errored-back); }
td.skipped { color: var(--skipped); }
.overview th:nth-child(1) { width: 34%; }
.overview th:nth-child(2) { width: 120px; }
.chips { list-style: none; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: 4px 8px; }
.chip { padding: 1px 8px; border-radius: 6px; font-size: 13px; font-variant-numeric: tabular-nums; }
.chip.passed { color: var(--passed); background: var(--passed-back); }
.chip.failed, .chip.leaked, .chip.aborted { color: var(--failed); background: var(--failed-back); }
.chip.errored, .chip.timed-out { color: var(--errored); background: var(--errored-back); }
.chip.skipped { color: var(--skipped); background: var(--skipped-back); }
.chip a { color: inherit; }
#filter { display: flex; flex-wrap: wrap; gap: 8px 20px; align-items: center; margin: 0 0 14px; }
#filter label { display: flex; flex-wrap: wrap; gap: 4px 8px; align-items: center; min-width: 0; max-width: 100%; }
#filter input, #filter select { font: inherit; color: inherit; background: var(--page); border: 1px solid var(--line); border-radius: 6px; padding: 4px 8px; min-width: 0; max-width: 100%; }
#filter output { color: var(--quiet); }
[hidden] { display: none !important; }
.cases { margin: 6px 0 14px; }
.cases th:nth-child(1) { width: 32%; }
.cases th:nth-child(2) { width: 110px; }
.cases th:nth-child(5) { width: 70px; }
.skip ul { margin: 6px 0; overflow-wrap: anywhere; }
.rest { color: var(--quiet); margin: 6px 0 14px; }
details { border-top: 1px solid var(--line); padding: 8px 0; }
summary { cursor: pointer; overflow-wrap: anywhere; }
.long { border: 0; padding: 0; }
.versions .facts { margin-top: 8px; }
.evidence { columns: 3 260px; margin: 8px 0; }
.evidence { padding-left: 22px; }
.evidence li { overflow-wrap: anywhere; }
.lease { margin: 0 0 10px; color: var(--quiet); }
footer { max-width: 1200px; margin: 0 auto; padding: 0 20px 30px; color: var(--quiet); font-size: 13px; }
@media (max-width: 720px) {
  main { padding: 10px 8px; gap: 12px; }
  header, section, .cell { padding: 14px; }
  thead { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; }
  table, tbody, tr, th, td { display: block; }
  .overview th, .overview td, .cases th, .cases td { width: auto !important; border: 0; padding: 3px 6px; }
  tr { border-bottom: 1px solid var(--line); padding: 6px 0; }
  td:empty { display: none; }
  td small { display: inline; margin-left: 8px; }
  td[data-term]::before { content: attr(data-term); display: block; color: var(--quiet); font-size: 13px; }
  .finding { grid-template-columns: minmax(0, 1fr); gap: 2px; }
  .finding dt { margin-top: 6px; }
}
@media print { body { background: none; } header, section, .cell { break-inside: avoid; } details:not([open]) > *:not(summary) { display: block; } }
`);
