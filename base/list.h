/* SPDX-License-Identifier: MIT */
/*
 * An intrusive, doubly linked, circular list: the link is embedded in its
 * object, so that queuing allocates nothing and cannot fail. A link that is in
 * no list is zeroed or points to itself; both count as "not queued".
 */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
	struct list *prev, *next;
};

/* The object that embeds the link. */
#define container_of(ptr, type, member) \
	((type *)(void *)((char *)(ptr) - offsetof(type, member)))

#define list_entry(ptr, type, member) container_of(ptr, type, member)

static inline void list_init(struct list *l)
{
	l->prev = l->next = l;
}

static inline bool list_empty(const struct list *head)
{
	return head->next == head;
}

static inline bool list_queued(const struct list *l)
{
	return l->next && l->next != l;
}

static inline void list_insert_before(struct list *at, struct list *l)
{
	l->next = at;
	l->prev = at->prev;
	at->prev->next = l;
	at->prev = l;
}

static inline void list_append(struct list *head, struct list *l)
{
	list_insert_before(head, l);
}

static inline void list_prepend(struct list *head, struct list *l)
{
	list_insert_before(head->next, l);
}

/* Removing a link that is not queued is allowed. */
static inline void list_remove(struct list *l)
{
	if (!l->next)
		return;
	l->prev->next = l->next;
	l->next->prev = l->prev;
	list_init(l);
}

/* The first link, taken out; NULL if there is none. */
static inline struct list *list_pop(struct list *head)
{
	struct list *l = head->next;

	if (l == head)
		return NULL;
	/* The analyser does not see that the element before this one was unlinked
	 * before it was freed. NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
	list_remove(l);
	return l;
}

/* Moves everything in from to the end of to. */
static inline void list_splice(struct list *to, struct list *from)
{
	if (list_empty(from))
		return;
	from->next->prev = to->prev;
	to->prev->next = from->next;
	from->prev->next = to;
	to->prev = from->prev;
	list_init(from);
}

/* The body may remove the current link, not others. */
#define list_for_each(l, head)                                            \
	for (struct list *l = (head)->next, *l##_next = l->next;          \
	     l != (head); l = l##_next, l##_next = l->next)

/*
 * A walk that calls callbacks. These may remove any link, with list_walk_leave(), and
 * may end the walk. Links that they append are not visited; otherwise two links that
 * are removed and appended in each callback would make the walk endless.
 */
struct list_walk {
	struct list *head, *next, *last;
};

static inline struct list *list_walk_next(struct list_walk *walk)
{
	struct list *l = walk->next;

	if (!l || l == walk->head) {
		*walk = (struct list_walk){ NULL, NULL, NULL };
		return NULL;
	}
	walk->next = l == walk->last ? walk->head : l->next;
	return l;
}

static inline struct list *list_walk_first(struct list_walk *walk, struct list *head)
{
	walk->head = head;
	walk->next = head->next;
	walk->last = head->prev;
	return list_walk_next(walk);
}

static inline void list_walk_leave(struct list_walk *walk, struct list *l)
{
	if (walk->next == l)
		walk->next = l == walk->last ? walk->head : l->next;
	if (walk->last == l)
		walk->last = l->prev;
	list_remove(l);
}

/* Called before the head is freed. */
static inline void list_walk_end(struct list_walk *walk, const struct list *head)
{
	if (walk->head == head)
		walk->next = NULL;
}

#endif
