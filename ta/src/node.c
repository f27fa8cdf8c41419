// SPDX-License-Identifier: MIT
#include "node.h"

#include "mem.h"
#include "search.h"

/*
 * Header, see docs/storage-format.md:
 *  0 magic "SECS"   4 u16 format   6 u8 kind   7 zero
 *  8 number        16 sequence    24 next_number
 * 32 revision      40 bytes       48 keys     52 objects
 * 56 u16 zero      58 u16 garbage_count
 * 60 u16 index_count              62 u16 record_count
 * 64 mark
 */
static const uint8_t magic[4] = { 'S', 'E', 'C', 'S' };

static void write_header(uint8_t *p, const struct node_header *head)
{
	memcpy(p, magic, sizeof(magic));
	put_u16(p + 4, SECSTOR_FORMAT_VERSION);
	p[6] = head->kind;
	p[7] = 0;
	put_u64(p + 8, head->number);
	put_u64(p + 16, head->sequence);
	put_u64(p + 24, head->next_number);
	put_u64(p + 32, head->revision);
	put_u64(p + 40, head->bytes);
	put_u32(p + 48, head->keys);
	put_u32(p + 52, head->objects);
	put_u16(p + 56, 0);
	put_u16(p + 58, (uint16_t)head->garbage_count);
	put_u16(p + 60, (uint16_t)head->index_count);
	put_u16(p + 62, (uint16_t)head->record_count);
	put_u64(p + 64, head->mark);
}

bool node_has_header(const uint8_t *image, const struct node_header *head)
{
	uint8_t wanted[NODE_HEADER_SIZE];

	write_header(wanted, head);
	return !memcmp(image, wanted, sizeof(wanted));
}

static TEE_Result read_header(const uint8_t *p, size_t size,
			      struct node_header *head)
{
	if (size < 6 || memcmp(p, magic, sizeof(magic)))
		return TEE_ERROR_CORRUPT_OBJECT;
	if (get_u16(p + 4) > SECSTOR_FORMAT_VERSION)
		return SECSTOR_ERROR_FORMAT;
	if (size < NODE_HEADER_SIZE || !get_u16(p + 4) || p[7] ||
	    get_u16(p + 56))
		return TEE_ERROR_CORRUPT_OBJECT;
	head->kind = p[6];
	head->number = get_u64(p + 8);
	head->sequence = get_u64(p + 16);
	head->next_number = get_u64(p + 24);
	head->revision = get_u64(p + 32);
	head->bytes = get_u64(p + 40);
	head->keys = get_u32(p + 48);
	head->objects = get_u32(p + 52);
	head->garbage_count = get_u16(p + 58);
	head->index_count = get_u16(p + 60);
	head->record_count = get_u16(p + 62);
	head->mark = get_u64(p + 64);
	return TEE_SUCCESS;
}

/* { u64 number; u64 sequence; u16 separator size; u8 kind; u8 zero;
 *   separator } */
static bool take_index(struct span *from, struct index_entry *entry)
{
	struct span p = { 0 };

	if (!span_take(from, INDEX_HEADER_SIZE, &p))
		return false;
	entry->number = get_u64(p.data);
	entry->sequence = get_u64(p.data + 8);
	entry->kind = p.data[18];
	if (entry->kind < INDEX_LEAF || entry->kind > INDEX_LOST || p.data[19])
		return false;
	if ((entry->kind == INDEX_LEAF) != (entry->number != 0) ||
	    (entry->kind == INDEX_LEAF) != (entry->sequence != 0))
		return false;
	return get_u16(p.data + 16) <= FULL_KEY_MAX &&
	       span_take(from, get_u16(p.data + 16), &entry->separator);
}

/* { u64 revision; u32 value size; u16 key size; u8 kind; u8 zero; key;
 *   value or u64 number or nothing } */
static bool take_record(struct span *from, struct record *record)
{
	struct span p = { 0 };
	struct span body = { 0 };
	size_t body_size = 0;

	if (!span_take(from, RECORD_HEADER_SIZE, &p) || p.data[15])
		return false;
	record->revision = get_u64(p.data);
	record->value_size = get_u32(p.data + 8);
	record->kind = p.data[14];
	record->number = 0;
	record->value = NULL;
	if (get_u16(p.data + 12) > FULL_KEY_MAX ||
	    record->value_size > SECSTOR_VALUE_MAX ||
	    !span_take(from, get_u16(p.data + 12), &record->key))
		return false;

	switch (record->kind) {
	case RECORD_INLINE:
		body_size = record->value_size;
		break;
	case RECORD_OBJECT:
		body_size = 8;
		break;
	case RECORD_DELETED:
		if (record->value_size)
			return false;
		break;
	default:
		return false;
	}
	if (!span_take(from, body_size, &body))
		return false;
	if (record->kind == RECORD_OBJECT)
		record->number = get_u64(body.data);
	else
		record->value = body.data;
	return record->kind != RECORD_OBJECT || record->number;
}

static size_t body_size(const struct record *record)
{
	switch (record->kind) {
	case RECORD_INLINE:
		return record->value_size;
	case RECORD_OBJECT:
		return 8;
	default:
		return 0;
	}
}

size_t node_record_size(const struct record *record)
{
	return RECORD_HEADER_SIZE + record->key.size + body_size(record);
}

size_t node_records_size(const struct record *records, uint32_t count)
{
	size_t size = 0;
	uint32_t n = 0;

	for (n = 0; n < count; n++)
		size += node_record_size(records + n);
	return size;
}

size_t node_index_size(const struct index_entry *index, uint32_t count)
{
	size_t size = 0;
	uint32_t n = 0;

	for (n = 0; n < count; n++)
		size += INDEX_HEADER_SIZE + index[n].separator.size;
	return size;
}

/*
 * A root gives numbers to objects, so it knows of none that it has not given.
 * One that lists itself as garbage would be removed.
 */
static bool is_given(const struct node_header *head, uint64_t number)
{
	return number && number < head->next_number;
}

static bool garbage_is_given(const struct node_header *head,
			     struct span garbage)
{
	struct span number = { 0 };

	while (span_take(&garbage, GARBAGE_SIZE, &number))
		if (!is_given(head, get_u64(number.data)))
			return false;
	return true;
}

/*
 * Walks over a whole image, checks it and notes where the entries begin, if
 * offsets is not NULL.
 */
static TEE_Result walk(const uint8_t *image, size_t size,
		       struct node_header *head, uint32_t *offsets)
{
	struct span rest = { image, size };
	struct span skipped = { 0 };
	struct span garbage = { 0 };
	struct span last = { 0 };
	struct index_entry entry = { 0 };
	struct record record = { 0 };
	uint32_t n = 0;

	if (!span_take(&rest, NODE_HEADER_SIZE, &skipped) ||
	    !span_take(&rest, (size_t)head->garbage_count * GARBAGE_SIZE,
		       &garbage) ||
	    !garbage_is_given(head, garbage))
		return TEE_ERROR_CORRUPT_OBJECT;
	for (n = 0; n < head->index_count; n++) {
		if (offsets)
			*offsets++ = (uint32_t)(rest.data - image);
		if (!take_index(&rest, &entry) ||
		    (entry.number && !is_given(head, entry.number)) ||
		    entry.sequence > head->sequence)
			return TEE_ERROR_CORRUPT_OBJECT;
		/* The first range begins before every key. */
		if (n ? span_compare(last, entry.separator) >= 0
		      : entry.separator.size)
			return TEE_ERROR_CORRUPT_OBJECT;
		last = entry.separator;
	}
	for (n = 0; n < head->record_count; n++) {
		if (offsets)
			*offsets++ = (uint32_t)(rest.data - image);
		if (!take_record(&rest, &record) ||
		    (n && span_compare(last, record.key) >= 0) ||
		    (head->kind == NODE_LEAF &&
		     record.kind == RECORD_DELETED) ||
		    (head->kind == NODE_ROOT && record.number &&
		     !is_given(head, record.number)))
			return TEE_ERROR_CORRUPT_OBJECT;
		last = record.key;
	}
	return rest.size ? TEE_ERROR_CORRUPT_OBJECT : TEE_SUCCESS;
}

/*
 * A leaf has nothing of what only a root has. It is never empty, so that no
 * two ranges can have the same one (lookup_leaf()).
 */
static bool is_leaf(const struct node_header *head)
{
	return head->record_count && head->sequence &&
	       !(head->next_number || head->revision || head->bytes ||
		 head->keys || head->objects || head->index_count ||
		 head->garbage_count);
}

/*
 * The numbers of a root that only rise: they have begun to, and none ever
 * comes so far that it could wrap.
 */
static bool is_rising(const struct node_header *head)
{
	return head->sequence && head->next_number &&
	       !((head->sequence | head->next_number | head->revision) >> 63);
}

TEE_Result node_read_header(const uint8_t *image, size_t size,
			    enum node_kind kind, uint64_t number,
			    struct node_header *head)
{
	TEE_Result res = read_header(image, size, head);

	if (res)
		return res;
	if (head->kind != kind || head->number != number || size > UINT32_MAX ||
	    !(kind == NODE_ROOT ? is_rising(head) : is_leaf(head)))
		return TEE_ERROR_CORRUPT_OBJECT;
	return res;
}

static uint32_t *alloc_offsets(const struct node_header *head)
{
	return mem_alloc_kept(((size_t)head->index_count + head->record_count) *
			      sizeof(uint32_t));
}

static void free_offsets(const struct node_header *head, uint32_t *offsets)
{
	mem_free(offsets, ((size_t)head->index_count + head->record_count) *
				  sizeof(uint32_t));
}

TEE_Result node_decode(uint8_t *image, size_t size, enum node_kind kind,
		       uint64_t number, struct node *node)
{
	struct node_header head = { 0 };
	uint32_t *offsets = NULL;
	TEE_Result res = node_read_header(image, size, kind, number, &head);

	if (res)
		return res;
	offsets = alloc_offsets(&head);
	if (!offsets)
		return TEE_ERROR_OUT_OF_MEMORY;
	res = walk(image, size, &head, offsets);
	if (res) {
		free_offsets(&head, offsets);
		return res;
	}
	*node = (struct node){ head, image, size, offsets };
	return TEE_SUCCESS;
}

static uint8_t *write_index(uint8_t *p, const struct index_entry *entry)
{
	put_u64(p, entry->number);
	put_u64(p + 8, entry->sequence);
	put_u16(p + 16, (uint16_t)entry->separator.size);
	p[18] = entry->kind;
	p[19] = 0;
	if (entry->separator.size)
		memcpy(p + INDEX_HEADER_SIZE, entry->separator.data,
		       entry->separator.size);
	return p + INDEX_HEADER_SIZE + entry->separator.size;
}

static uint8_t *write_record(uint8_t *p, const struct record *record)
{
	put_u64(p, record->revision);
	put_u32(p + 8, record->value_size);
	put_u16(p + 12, (uint16_t)record->key.size);
	p[14] = record->kind;
	p[15] = 0;
	p += RECORD_HEADER_SIZE;
	memcpy(p, record->key.data, record->key.size);
	p += record->key.size;
	if (record->kind == RECORD_OBJECT)
		put_u64(p, record->number);
	else if (record->kind == RECORD_INLINE && record->value_size)
		memcpy(p, record->value, record->value_size);
	return p + body_size(record);
}

TEE_Result node_encode(const struct node_header *head, const uint64_t *garbage,
		       const struct index_entry *index,
		       const struct record *records, struct node *node)
{
	size_t size = NODE_HEADER_SIZE + head->garbage_count * GARBAGE_SIZE +
		      node_index_size(index, head->index_count) +
		      node_records_size(records, head->record_count);
	uint32_t *offsets = NULL;
	uint8_t *image = NULL;
	uint8_t *p = NULL;
	uint32_t n = 0;

	/* The counts are kept in 16 bits. */
	if (head->garbage_count > UINT16_MAX ||
	    head->index_count > UINT16_MAX || head->record_count > UINT16_MAX)
		return TEE_ERROR_OUT_OF_MEMORY;
	offsets = alloc_offsets(head);
	image = mem_alloc_kept(size);
	if (!offsets || !image) {
		free_offsets(head, offsets);
		mem_free(image, size);
		return TEE_ERROR_OUT_OF_MEMORY;
	}

	*node = (struct node){ *head, image, size, offsets };
	write_header(image, head);
	p = image + NODE_HEADER_SIZE;
	for (n = 0; n < head->garbage_count; n++, p += GARBAGE_SIZE)
		put_u64(p, garbage[n]);
	for (n = 0; n < head->index_count; n++) {
		*offsets++ = (uint32_t)(p - image);
		p = write_index(p, index + n);
	}
	for (n = 0; n < head->record_count; n++) {
		*offsets++ = (uint32_t)(p - image);
		p = write_record(p, records + n);
	}
	return TEE_SUCCESS;
}

uint64_t node_garbage(const struct node *node, uint32_t n)
{
	return get_u64(node->image + NODE_HEADER_SIZE + n * GARBAGE_SIZE);
}

static struct span rest_from(const struct node *node, uint32_t entry)
{
	uint32_t offset = node->offsets[entry];

	return (struct span){ node->image + offset, node->size - offset };
}

struct index_entry node_index(const struct node *node, uint32_t n)
{
	struct index_entry entry = { 0 };
	struct span rest = rest_from(node, n);

	take_index(&rest, &entry);
	return entry;
}

struct record node_record(const struct node *node, uint32_t n)
{
	struct record record = { 0 };
	struct span rest = rest_from(node, node->head.index_count + n);

	take_record(&rest, &record);
	return record;
}

struct span node_range_end(const struct node *node, uint32_t n)
{
	return n + 1 < node->head.index_count
		       ? node_index(node, n + 1).separator
		       : (struct span){ 0 };
}

static struct span separator_at(const void *node, uint32_t n)
{
	return node_index(node, n).separator;
}

static struct span key_of_record_at(const void *node, uint32_t n)
{
	return node_record(node, n).key;
}

uint32_t node_find_range(const struct node *node, struct span key)
{
	return search_last(node, node->head.index_count, separator_at, key);
}

uint32_t node_find(const struct node *node, struct span key, bool *exact)
{
	return search(node, node->head.record_count, key_of_record_at, key,
		      exact);
}

uint64_t key_charge(struct span full_key, uint64_t value_size)
{
	const uint8_t *end = memchr(full_key.data, 0, full_key.size);
	size_t domain = end ? (size_t)(end - full_key.data) + 1 : 0;

	return full_key.size - domain + value_size;
}

void node_free(struct node *node)
{
	free_offsets(&node->head, node->offsets);
	mem_free(node->image, node->size);
	*node = (struct node){ 0 };
}
