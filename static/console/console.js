// Conveniences: everything works without them. Listeners are on the document, so that they also
// serve parts that are fetched later.
import { tick } from "./times.js";
import "./copy.js";
import "./dialogs.js";
import "./forms.js";
import { hideInTime } from "./hiding.js";

tick();
hideInTime();
