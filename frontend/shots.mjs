import { launchBrowser, openPage } from "./tests/support/browser.mjs";
const list = JSON.parse(process.argv[2]);
const b = await launchBrowser();
for (const [name, path, w=1440, h=1200] of list) {
  const p = await openPage(b, 'http://127.0.0.1:9130/'+path, {viewport:{width:w,height:h}});
  await p.page.waitForFunction(()=>performance.getEntriesByName("page:complete","mark").length>0,null,{timeout:40000}).catch(e=>console.log(name,'no complete'));
  await p.page.waitForTimeout(500);
  await p.page.screenshot({path:`/tmp/cells/${name}.png`});
  if (p.problems.length) console.log(name, p.problems.slice(0,5));
  await p.close();
}
await b.close();
