// The first event tells what is current; a page reloads when that is not what it shows. A browser
// opens six connections to a server and no more, so of all its pages one listens and tells the
// others; when it goes, the next one does. Without locks only pages that are seen listen.
(function () {
  var source = null, current = "", channel = new BroadcastChannel("escriba");
  function check(stamp) {
    current = stamp;
    if (stamp !== "STAMP") location.reload();
  }
  function listen() {
    if (source) source.close();
    source = new EventSource(EVENTS);
    source.onmessage = function (event) {
      channel.postMessage(event.data);
      check(event.data);
    };
    source.onerror = function () {
      if (source.readyState === 2) setTimeout(listen, 3000);
    };
  }
  channel.onmessage = function (event) {
    if (event.data !== "?") check(event.data);
    else if (source && current) channel.postMessage(current);
  };
  if (navigator.locks) {
    navigator.locks.request("escriba", function () {
      listen();
      return new Promise(function () {});
    });
    channel.postMessage("?");
  } else {
    document.addEventListener("visibilitychange", function () {
      if (!document.hidden) listen();
      else if (source) source.close();
    });
    listen();
  }
})();
