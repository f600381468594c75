import { launchBrowser, openPage } from "./tests/support/browser.mjs";
const [,, name, path, w='1440', h='1200', wait='6000'] = process.argv;
const b = await launchBrowser();
const p = await openPage(b, 'http://127.0.0.1:9130/'+path, {viewport:{width:+w,height:+h}});
await p.page.waitForFunction(()=>performance.getEntriesByName("page:complete","mark").length>0,null,{timeout:60000}).catch(e=>console.log('no complete'));
await p.page.waitForTimeout(500);
await p.page.screenshot({path:`/tmp/cells/${name}.png`});
console.log(p.problems.slice(0,5));
await b.close();
