// What makes the pages more comfortable; everything works without it. Listeners stand on the
// document, so that parts which are fetched later have them too.
import { tick } from "./countdown.js";
import "./copy.js";
import "./dialogs.js";
import "./forms.js";
import { hideInTime } from "./hiding.js";

tick();
hideInTime();
