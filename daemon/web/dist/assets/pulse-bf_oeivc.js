(function(){"use strict";setInterval(()=>postMessage(0),200)})();
