// All tests of the page, in one process, so that they share one browser:
//   node --test-reporter=spec tests/page/all.mjs [path of hark]
// Each of these files runs alone in the same way.

import "./wording.mjs";
import "./typing.mjs";
import "./speaking.mjs";
import "./remembering.mjs";
import "./connecting.mjs";
import "./looking.mjs";
import "./entering.mjs";
import "./trusting.mjs";
import "./reaching.mjs";
import "./german.mjs";
