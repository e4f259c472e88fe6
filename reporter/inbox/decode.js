// A link carries its code after "#", which browsers keep from servers: put it into the form and send that.
"use strict";

function take() {
  if (location.hash.length > 1) {
    document.getElementById("code").value = location.hash;
    history.replaceState(null, "", location.pathname);
    document.getElementById("decode").submit();
  }
}

addEventListener("hashchange", take);
take();
