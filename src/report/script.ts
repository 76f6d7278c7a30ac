// What the page does by itself: opens records and filters rows. Text goes into the page as text only.

export const SCRIPT = `
"use strict";
(function(){
var data=JSON.parse(document.getElementById("exhibits").textContent);
var words=JSON.parse(document.getElementById("words").textContent);
var dialog=document.getElementById("record");
var title=document.getElementById("record-title");
var inner=document.getElementById("record-body");
function show(s){return s.replace(/[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb]/g,function(c){return "\\u27e8U+"+c.charCodeAt(0).toString(16).toUpperCase().padStart(4,"0")+"\\u27e9"})}
function el(name,text,cls){var e=document.createElement(name);if(text!==undefined)e.textContent=text;if(cls)e.className=cls;return e}
function rows(table,value,path){
 if(value!==null&&typeof value==="object"&&!Array.isArray(value)){
  Object.keys(value).forEach(function(k){
   if(k==="#attributes"){Object.keys(value[k]).forEach(function(a){if(a!=="xmlns")rows(table,value[k][a],path+"."+a)});return}
   rows(table,value[k],k==="#text"?path:(path===""?k:path+"."+k))});return}
 var tr=el("tr");tr.appendChild(el("td",show(path.replace(/^Event\\.(System|EventData|UserData)\\./,""))));
 tr.appendChild(el("td",show(Array.isArray(value)?value.join("\\n"):value===null?"":String(value)),"value mono"));table.appendChild(tr)}
function open(id,record){
 var file=words.files[id]||id;title.textContent=words.title.replace("{n}",record).replace("{file}",show(file));
 inner.textContent="";
 if(words.hashes[id])inner.appendChild(el("p","SHA-256 "+words.hashes[id],"mono meta"));
 var text=(data[id]||{})[record];
 if(text===undefined){inner.appendChild(el("p",words.notHere));inner.appendChild(el("pre","backtrail dump \\""+show(file)+"\\" --record "+record))}
 else{var parsed=null;try{parsed=JSON.parse(text)}catch(e){}
  if(parsed){var t=el("table",undefined,"fields");rows(t,parsed,"");var s=el("div",undefined,"scroll");s.appendChild(t);inner.appendChild(s)}
  inner.appendChild(el("pre",show(parsed?JSON.stringify(parsed,null,2):text)))}
 dialog.showModal()}
document.addEventListener("click",function(e){var b=e.target.closest("button.cite");if(b){open(b.dataset.e,b.dataset.r)}else if(e.target===dialog){dialog.close()}});
document.getElementById("record-close").addEventListener("click",function(){dialog.close()});
var box=document.getElementById("filter"),from=document.getElementById("filter-from"),to=document.getElementById("filter-to"),out=document.getElementById("filter-count");
var items=Array.prototype.slice.call(document.querySelectorAll("[data-find]")).map(function(r){return{r:r,f:r.dataset.find,t:r.dataset.t||"",h:false}});
function apply(){var q=box.value.toLowerCase().trim(),a=from.value.replace("T"," "),b=to.value.replace("T"," ");if(b)b+=":59";
 var words=q?q.split(/\\s+/):[],n=0,all=q===""&&!a&&!b;
 items.forEach(function(x){var hide=!all&&(words.some(function(w){return x.f.indexOf(w)<0})||(x.t!==""&&x.t!=="\\u2013"&&((a&&x.t<a)||(b&&x.t>b))));
  if(hide!==x.h){x.h=hide;if(x.r.tagName.toLowerCase()==="tr")x.r.hidden=hide;else x.r.classList.toggle("faded",hide)}if(!hide)n++});
 out.textContent=all?"":n+" / "+items.length;
 if(!all)document.querySelectorAll("details.part").forEach(function(d){d.open=true});
 return all}
function remember(){var p=new URLSearchParams();if(box.value)p.set("q",box.value);if(from.value)p.set("from",from.value);if(to.value)p.set("to",to.value);
 var s=p.toString();try{history.replaceState(null,"",s===""?location.pathname+location.search:"#?"+s)}catch(e){}}
if(box){[box,from,to].forEach(function(x){x.addEventListener("input",function(){apply();remember()})});
 document.querySelector("form.filters").addEventListener("submit",function(e){e.preventDefault()});
 function read(){if(location.hash.slice(0,2)!=="#?")return;var p=new URLSearchParams(location.hash.slice(2));box.value=p.get("q")||"";from.value=p.get("from")||"";to.value=p.get("to")||"";apply()}
 read();window.addEventListener("hashchange",read)}
document.addEventListener("click",function(e){var c=e.target.closest("button.copy");
 if(c){var t=document.getElementById(c.dataset.copy),text=[];t.querySelectorAll("tbody tr").forEach(function(r){if(!r.hidden)text.push(Array.prototype.map.call(r.cells,function(x){return x.textContent}).slice(0,5).join("\\t"))});
  var area=el("textarea",text.join("\\n"));document.body.appendChild(area);area.select();try{document.execCommand("copy")}catch(x){}area.remove();return}
 var z=e.target.closest("[data-zoom]");
 if(z){var g=z.closest("figure").querySelector("svg"),w=+g.dataset.w,h=+g.dataset.h,v=g.getAttribute("viewBox").split(" ").map(Number);
  var k=z.dataset.zoom==="in"?0.7:z.dataset.zoom==="out"?1/0.7:0;
  if(k===0)v=[0,0,w,h];else{var nw=Math.min(w*2,v[2]*k),nh=Math.min(h*2,v[3]*k);v=[v[0]+(v[2]-nw)/2,v[1]+(v[3]-nh)/2,nw,nh]}
  g.setAttribute("viewBox",v.join(" "))}});
document.querySelectorAll("figure.graph svg").forEach(function(g){var at=null;
 g.addEventListener("pointerdown",function(e){at=[e.clientX,e.clientY];g.setPointerCapture(e.pointerId)});
 g.addEventListener("pointerup",function(){at=null});
 g.addEventListener("pointermove",function(e){if(!at)return;var v=g.getAttribute("viewBox").split(" ").map(Number),r=g.getBoundingClientRect(),k=Math.max(v[2]/r.width,v[3]/r.height);
  v[0]-=(e.clientX-at[0])*k;v[1]-=(e.clientY-at[1])*k;at=[e.clientX,e.clientY];g.setAttribute("viewBox",v.join(" "))})});
var narrow=window.matchMedia("(max-width:640px)");
function label(){if(!narrow.matches)return;document.querySelectorAll(".incident table").forEach(function(t){if(!t.tHead||t.dataset.told)return;t.dataset.told="1";
 var heads=Array.prototype.map.call(t.tHead.rows[0].cells,function(h){return h.textContent});
 Array.prototype.forEach.call(t.tBodies[0].rows,function(r){Array.prototype.forEach.call(r.cells,function(c,i){c.dataset.l=heads[i]||""})})})}
label();narrow.addEventListener("change",label);
window.addEventListener("beforeprint",function(){document.querySelectorAll("details.rule,details.part").forEach(function(d){d.open=true})});
})();
`;
