// Package page draws what was found as one HTML file that needs nothing beside it: no network, no
// framework, no other file.
//
// [View] is what a page shows, as plain values: whoever fills it in has read the files. [Write]
// lays it out. All geometry of charts is in shares of the chart's own area, so that a page fits a
// phone, a screen and paper without being drawn again, and letters keep their size.
//
// Nothing that a view holds can run in the page: html/template escapes it by where it stands, and
// the page's Content-Security-Policy allows the one style sheet and the one script that are
// embedded here, by their hashes, and nothing else.
package page
