// The look of the report: one column of text at reading width, tables that may be wider, light and dark, and paper.
// Nothing is fetched: system fonts only.

export const STYLE = `
:root{color-scheme:light dark;--bg:#fff;--fg:#16202c;--soft:#5b6775;--line:#d5dbe2;--panel:#f5f7f9;--accent:#123e6b;--link:#0b57a4;
--critical:#8c1d18;--high:#b8430e;--medium:#94690a;--low:#2f659c;--informational:#68737f;--tampering:#5d3a9b}
@media (prefers-color-scheme:dark){:root{--bg:#12171d;--fg:#e3e8ee;--soft:#9aa7b5;--line:#303a46;--panel:#1a212a;--accent:#9cc4ee;--link:#8ab8ee;
--critical:#f08a82;--high:#f0975f;--medium:#d9b254;--low:#82b4e6;--informational:#a3adb8;--tampering:#bfa2ef}}
*{box-sizing:border-box}
html{scroll-padding-top:1rem}
body{margin:0;background:var(--bg);color:var(--fg);font:15px/1.5 "Segoe UI",system-ui,-apple-system,"Noto Sans","Noto Sans CJK SC",Roboto,"Helvetica Neue",Arial,sans-serif}
main,header.cover,footer{max-width:1340px;margin:0 auto;padding:0 2rem}
header.cover{padding-top:2.6rem;border-top:6px solid var(--accent)}
header.cover .kicker{font-size:.8rem;letter-spacing:.09em;text-transform:uppercase;color:var(--soft);margin:0 0 .3rem}
h1{font-size:2rem;line-height:1.2;margin:0 0 1.2rem;font-weight:650;color:var(--accent)}
h2{font-size:1.3rem;margin:2.8rem 0 .9rem;padding-bottom:.35rem;border-bottom:2px solid var(--accent);font-weight:650}
h3{font-size:1.02rem;margin:1.6rem 0 .5rem}
p{margin:.5rem 0;max-width:78ch}
dl.facts{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1.4rem;margin:0 0 1.4rem;font-size:.92rem}
dl.facts dt{color:var(--soft)}dl.facts dd{margin:0;overflow-wrap:anywhere}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(128px,1fr));border:1px solid var(--line);border-radius:6px;overflow:hidden;background:var(--panel)}
.tile{padding:.85rem 1.1rem;border-right:1px solid var(--line);border-bottom:1px solid var(--line);margin:0 -1px -1px 0}
.tile b{display:block;font-size:1.55rem;line-height:1.2;font-weight:650;font-variant-numeric:tabular-nums}
.tile span{font-size:.82rem;color:var(--soft)}
nav.toc{margin:1.3rem 0 0;font-size:.88rem;display:flex;flex-wrap:wrap;gap:.3rem 1.1rem}
a{color:var(--link)}nav.toc a{text-decoration:none}nav.toc a:hover{text-decoration:underline}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.87rem}
th{text-align:left;font-weight:600;color:var(--soft);border-bottom:1.5px solid var(--line);padding:.4rem .7rem .4rem 0;white-space:nowrap;vertical-align:bottom}
td{border-bottom:1px solid var(--line);padding:.4rem .7rem .4rem 0;vertical-align:top;overflow-wrap:anywhere}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
td.t{white-space:nowrap;font-variant-numeric:tabular-nums}
td.host{white-space:nowrap;overflow-wrap:normal}
td.what{min-width:14em}
.mono,code,pre{font-family:ui-monospace,"Cascadia Mono","SF Mono",Menlo,Consolas,"Liberation Mono",monospace;font-size:.84em}
.level{display:inline-block;min-width:6.2em;font-weight:600;font-size:.82rem;white-space:nowrap}
.level::before{content:"";display:inline-block;width:.62em;height:.62em;border-radius:2px;margin-right:.45em;background:currentColor}
.critical{color:var(--critical)}.high{color:var(--high)}.medium{color:var(--medium)}.low{color:var(--low)}.informational{color:var(--informational)}.tampering{color:var(--tampering)}
.f-critical{fill:var(--critical)}.f-high{fill:var(--high)}.f-medium{fill:var(--medium)}.f-low{fill:var(--low)}.f-informational{fill:var(--informational)}.f-tampering{fill:var(--tampering)}
ol.lead{padding-left:1.3rem}ol.lead li{margin:.25rem 0}
details.rule{border:1px solid var(--line);border-radius:5px;margin:.45rem 0;background:var(--bg)}
details.rule>summary{cursor:pointer;padding:.5rem .8rem;display:grid;grid-template-columns:7.2em 1fr auto;gap:.6rem;align-items:baseline;list-style:none}
details.rule>summary::-webkit-details-marker{display:none}
details.rule>summary:hover{background:var(--panel)}
details.rule[open]>summary{border-bottom:1px solid var(--line);background:var(--panel)}
details.rule .body{padding:.6rem .9rem .9rem}
.meta{color:var(--soft);font-size:.84rem}
.counts{color:var(--soft);font-size:.86rem;font-variant-numeric:tabular-nums;white-space:nowrap}
table.fields{margin:.3rem 0 .2rem;font-size:.83rem}table.fields td{border:0;padding:.1rem .8rem .1rem 0}table.fields td:first-child{color:var(--soft);white-space:nowrap;width:1%}
button.cite{font:inherit;font-size:.8rem;color:var(--link);background:none;border:1px solid var(--line);border-radius:4px;padding:0 .4em;margin:0 .25em .2em 0;cursor:pointer;white-space:nowrap}
button.cite:hover{border-color:var(--link)}
svg.density{display:block;width:100%;height:110px;margin:.4rem 0 .2rem;background:var(--panel);border-bottom:1px solid var(--soft)}
.axis{display:flex;justify-content:space-between;font-size:.78rem;color:var(--soft);font-variant-numeric:tabular-nums}
.legend{display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;font-size:.82rem;margin:.5rem 0 1rem}
.filter{display:block;width:100%;max-width:34rem;font:inherit;padding:.42rem .7rem;border:1px solid var(--line);border-radius:5px;background:var(--bg);color:var(--fg);margin:.2rem 0 1rem}
dialog{max-width:min(980px,94vw);width:100%;max-height:88vh;border:1px solid var(--line);border-radius:8px;background:var(--bg);color:var(--fg);padding:0}
dialog::backdrop{background:rgba(10,16,24,.55)}
dialog header{display:flex;justify-content:space-between;gap:1rem;align-items:baseline;padding:.8rem 1.1rem;border-bottom:1px solid var(--line);position:sticky;top:0;background:var(--bg)}
dialog header h3{margin:0;overflow-wrap:anywhere}
dialog .inner{padding:.4rem 1.1rem 1.1rem}
dialog button{font:inherit;cursor:pointer}
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:var(--panel);padding:.7rem .9rem;border-radius:5px}
td.value{white-space:pre-wrap}
.empty{color:var(--soft)}
footer{padding-top:2rem;padding-bottom:3rem;color:var(--soft);font-size:.82rem}
:focus-visible{outline:2px solid var(--link);outline-offset:2px}
@media (max-width:640px){main,header.cover,footer{padding-left:1rem;padding-right:1rem}h1{font-size:1.5rem}details.rule>summary{grid-template-columns:1fr}dl.facts{grid-template-columns:1fr;gap:0}dl.facts dd{margin-bottom:.4rem}}
@media print{:root{--bg:#fff;--fg:#000;--soft:#444;--line:#bbb;--panel:#f3f3f3;--accent:#123e6b;--link:#000}body{font-size:9.5pt}main,header.cover,footer{max-width:none;padding-left:0;padding-right:0}h2{break-after:avoid}details.rule{break-inside:avoid-page}details.rule::details-content{content-visibility:visible;display:block}tr{break-inside:avoid}.filter,nav.toc.local,dialog{display:none}nav.toc a{color:#000}button.cite{border:0;padding:0;color:#000;white-space:normal;text-align:left}table{font-size:7.6pt}td,th{padding-right:.5rem}td.host{white-space:normal;overflow-wrap:anywhere;min-width:7em}td.what{min-width:13em}td .level{min-width:0;font-size:7.6pt}th{white-space:normal}td button.cite{font-size:7.4pt}.scroll{overflow:visible}@page{margin:16mm}}

.incident{margin:0}
.incident>h2{margin-top:3.2rem}
.statement{font-size:1.08em;line-height:1.65;max-width:80ch}
h4{font-size:.95rem;margin:1rem 0 .3rem}
.incident td,.incident th{overflow-wrap:break-word;word-break:normal}.incident td.mono{overflow-wrap:anywhere}.incident td:nth-child(n){min-width:3.5em}
td.proof{min-width:8.4em}.incident td.short{white-space:nowrap;overflow-wrap:normal}.incident td.what{min-width:17em}
.part{margin:10px 0}.part>summary{cursor:pointer}.part h4{display:inline;margin:0}.part .meta{font-weight:400}
table.facts{width:auto}td.key{color:var(--soft);white-space:nowrap;padding-right:1.6rem}
nav.toc.local{margin:.2rem 0 1rem}
.filters{position:sticky;top:0;z-index:2;background:var(--bg);display:flex;flex-wrap:wrap;gap:.4rem 1rem;align-items:center;padding:.6rem 0;border-bottom:1px solid var(--line);font-size:.85rem;color:var(--soft)}
.filters .filter{margin:0;flex:1 1 18rem}.filters input{font:inherit;padding:.3rem .5rem;border:1px solid var(--line);border-radius:5px;background:var(--bg);color:var(--fg)}
html{scroll-padding-top:4.5rem}
figure{margin:.8rem 0 1.2rem}figure svg{width:100%;height:auto;background:var(--panel);border-radius:6px;max-height:80vh}
svg.figure text{font:11px "Segoe UI",system-ui,"Noto Sans",sans-serif;fill:var(--fg)}
.node text{paint-order:stroke;stroke:var(--panel);stroke-width:3.5px;stroke-linejoin:round}
svg.figure .tick,svg.figure .order{fill:var(--soft);font-size:10px}
svg.figure .grid{stroke:var(--line)}svg.figure .lane{stroke:var(--line);stroke-width:.7}
svg.figure .faded{opacity:.12}
.zoom{display:flex;gap:.3rem;justify-content:flex-end;margin-bottom:.3rem}.zoom button,button.copy{font:inherit;font-size:.85rem;border:1px solid var(--line);border-radius:4px;background:var(--bg);color:var(--link);padding:.1rem .7rem;cursor:pointer}
figure.graph svg{cursor:grab;touch-action:none}
.edge path{fill:none;stroke:var(--soft);stroke-width:1.2;opacity:.75}.edge.unsure path{stroke-dasharray:4 3}.edge:hover path{stroke:var(--link);stroke-width:2.4;opacity:1}.edge-head{fill:var(--soft)}
.way{fill:none;stroke:var(--critical);stroke-width:1.6}
.outside rect{fill:var(--panel);stroke:var(--critical);stroke-width:1.6}
.bundle rect{fill:var(--bg);stroke:var(--critical);stroke-width:1.6}
.node path,.node rect,.node circle{fill:var(--critical);stroke:var(--bg);stroke-width:1.4}.node .fold{fill:none}
.node.accessed path,.node.accessed rect,.node.accessed circle{fill:var(--bg);stroke:var(--medium);stroke-width:2}
.node.zero text{font-weight:700}
.land{fill:var(--line)}.place circle{fill:var(--critical);fill-opacity:.8;stroke:var(--bg)}svg.figure .place text{fill:var(--bg);font-weight:700}svg.figure .place .name{fill:var(--fg);font-weight:400}
.bar{fill:var(--low)}.cover{fill:var(--low)}.blind{fill:var(--critical)}
.phase{fill:var(--low);stroke:none}.p0{fill:var(--critical)}.p2{fill:var(--medium)}.p3{fill:var(--tampering)}.p4{fill:var(--high)}.p5{fill:var(--low)}.p6{fill:var(--soft)}.p7{fill:var(--critical)}.cross{fill:none;stroke:var(--tampering);stroke-width:2}.px{fill:var(--informational)}
.client.ran{fill:var(--critical)}.client.fetched{fill:var(--bg);stroke:var(--medium);stroke-width:2}.ray{stroke:var(--line)}.fanout .server{fill:var(--accent)}.fanout .server+text{fill:var(--bg);font-weight:700}.fanout .server+text+text{fill:var(--bg)}
svg.map{max-height:440px}svg.hours{max-width:640px}
dl.glossary dt{font-weight:600;margin-top:.5rem}dl.glossary dd{margin:0 0 .2rem}
b.tlp{border:1px solid currentColor;padding:0 .4em;border-radius:3px}
@media (max-width:1180px){td.t,.incident td.host{white-space:normal;overflow-wrap:anywhere}td.t,.incident td.t{min-width:7.5em}.incident td.host{min-width:10.5em}.incident td.what{min-width:12em}}
@media screen and (max-width:640px){.incident table.facts td,.incident table.facts td.what{min-width:0;overflow-wrap:anywhere}.incident table.facts td.key{white-space:normal;min-width:6.5em;overflow-wrap:normal}.incident table[data-told] thead{display:none}.incident table[data-told] tr:not([hidden]){display:block;border-bottom:1px solid var(--line);padding:.45rem 0}.incident table[data-told] td{display:grid;grid-template-columns:7.4em 1fr;gap:.6rem;border:0;padding:.08rem 0;text-align:left;white-space:normal;overflow-wrap:anywhere}.incident table[data-told] td::before{content:attr(data-l);color:var(--soft)}.incident table[data-told] td.proof{display:block;padding-left:8em}.incident table[data-told] td.proof::before{float:left;margin-left:-8em}}
@media print{.filters,.zoom,button.copy{display:none}figure,figure svg{break-inside:avoid}.part{break-inside:auto}details.part::details-content{content-visibility:visible;display:block}figure svg{max-height:none}.tiles{grid-template-columns:repeat(4,1fr)}@page{@bottom-right{content:counter(page) " / " counter(pages);font-size:8pt}@bottom-left{content:"Backtrail";font-size:8pt;color:#666}}}
@media print{body.short{font-size:8.6pt;line-height:1.35}body.short h1{font-size:1.4rem;margin-bottom:.5rem}body.short h2,body.short .incident>h2{margin-top:.8rem}body.short h3{margin:.7rem 0 .2rem}body.short h4{margin:.4rem 0 .1rem}body.short ul{margin:.2rem 0}body.short header.cover{padding-top:.6rem}body.short .tile{padding:.35rem .7rem}body.short .tile b{font-size:1.1rem}body.short figure svg{max-height:78mm}body.short nav.toc,body.short footer{display:none}body.short td,body.short th{padding-top:.15rem;padding-bottom:.15rem}body.short .statement{line-height:1.4}}
`;
