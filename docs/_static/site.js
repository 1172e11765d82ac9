"use strict";
/* a page that is read from a file may not fetch others, which the search does for its excerpts */
if (typeof DOCUMENTATION_OPTIONS !== "undefined" && location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
