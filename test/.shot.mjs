import puppeteer from 'puppeteer-core';
const [file,out,width='1280',height='2200',from='0',count='3',scheme='light',media='screen']=process.argv.slice(2);
const b=await puppeteer.launch({executablePath:'/usr/bin/chromium',args:['--no-sandbox']});
const p=await b.newPage(); await p.setViewport({width:+width,height:+height});
await p.emulateMediaFeatures([{name:'prefers-color-scheme',value:scheme}]); await p.emulateMediaType(media);
await p.goto('file://'+file);
for(let i=0;i<+count;i++) await p.screenshot({path:`${out}-${i}.png`,clip:{x:0,y:+from+i*+height,width:+width,height:+height},captureBeyondViewport:true});
if(media==='print'){const w=await p.evaluate(()=>[...document.querySelectorAll('*')].filter(e=>e.getBoundingClientRect().right>+innerWidth+400).slice(0,5).map(e=>e.tagName+' '+e.className+' '+e.textContent.slice(0,80)));console.log(w)}
await b.close();
