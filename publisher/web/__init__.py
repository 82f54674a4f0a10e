"""The door to web servers. In: addresses. Out: answers that are whole, from machines that may be asked.

transfer   downloads that survive a bad line; used by `pull` and by sources alike
guard      which machines may be connected to
visit      one GET, redirects followed, every step judged by the guard
"""
