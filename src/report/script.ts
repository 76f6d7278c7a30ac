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
 var text=(data[id]||{})[record];
 if(text===undefined){inner.appendChild(el("p",words.notHere));inner.appendChild(el("pre","backtrail dump \\""+show(file)+"\\" --record "+record))}
 else{var parsed=null;try{parsed=JSON.parse(text)}catch(e){}
  if(parsed){var t=el("table",undefined,"fields");rows(t,parsed,"");var s=el("div",undefined,"scroll");s.appendChild(t);inner.appendChild(s)}
  inner.appendChild(el("pre",show(parsed?JSON.stringify(parsed,null,2):text)))}
 dialog.showModal()}
document.addEventListener("click",function(e){var b=e.target.closest("button.cite");if(b){open(b.dataset.e,b.dataset.r)}else if(e.target===dialog){dialog.close()}});
document.getElementById("record-close").addEventListener("click",function(){dialog.close()});
var box=document.getElementById("filter");
if(box){box.addEventListener("input",function(){var q=box.value.toLowerCase();
 document.querySelectorAll("[data-find]").forEach(function(r){r.hidden=q!==""&&r.dataset.find.indexOf(q)<0})})}
window.addEventListener("beforeprint",function(){document.querySelectorAll("details.rule").forEach(function(d){d.open=true})});
})();
`;
