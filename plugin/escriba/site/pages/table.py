"""Every kind of page: which there are, and the addresses of those that every site has."""

from __future__ import annotations

from escriba.site.pages import archive, entry, feed, home, not_found, sitemap, topics
from escriba.site.pages.blog import Blog, Job

# By the names that templates use; those for programs need the address of the site.
READ = {
    "home": home.ADDRESS,
    "archive": archive.ADDRESS,
    "topics": topics.ADDRESS,
    "not_found": not_found.ADDRESS,
}
MACHINES = {"feed": feed.ADDRESS, "sitemap": sitemap.ADDRESS, "robots": sitemap.ROBOTS}
ADDRESSES = READ | MACHINES
KINDS = (home, entry, archive, topics, not_found)  # in the order of the site map


def plan(blog: Blog) -> list[Job]:
    """Every page of a site."""
    pages = [job for kind in KINDS for job in kind.plan(blog)]
    if not blog.settings.url:
        return pages
    return [*pages, *feed.plan(blog), *sitemap.plan(blog, pages)]
