# SPDX-License-Identifier: Apache-2.0
"""Mutants: images. The columns are described in ../mutants.py."""
IMAGES = "tests/cache/test_images.py"
DOCUMENTS = "tests/cache/test_image_documents.py"
FUNCTIONS = "tests/cli/test_image_functions.py"
RUNTIMES = "tests/runtimes/test_image_runtimes.py"

MUTANTS = {
    "images: unpacked as a root file system": ("unpack/untar.c", "if (image_source_seems(bytes, n))", "if (!bytes && image_source_seems(bytes, n))", {"an_image_is_no_root_file_system"}, ("tests/cache/test_tarballs.py",), "no_root"),
    "images: an image's links lead where they say": ("unpack/layer_tree.c", "RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS", "RESOLVE_NO_MAGICLINKS", {"nothing_is_written_outside_the_tree", "a_whiteout_removes_nothing_outside_the_tree"}, (IMAGES,), "outside"),
    "images: a whiteout of ..": ("unpack/layer.c", 'strcmp(removed, "..") == 0)', 'strcmp(removed, "..") == 9)', {"a_whiteout_of_a_directory_that_it_lies_in_is_refused"}, (IMAGES,), "lies_in"),
    "images: a whiteout of .": ("unpack/layer.c", 'strcmp(removed, ".") == 0 ||', "", {"a_whiteout_of_a_directory_that_it_lies_in_is_refused"}, (IMAGES,), "lies_in"),
    "images: whiteouts take what their own layer made": ("unpack/layer_tree.c", "    if (!is_made(t, dir_ino, name, &st))", "    if (!is_made(t, dir_ino + 1, name, &st))", {"whiteouts_spare_what_the_same_layer_made_wherever_they_stand", "a_hard_link_made_here_is_spared_though_its_file_is_of_below"}, (IMAGES,), "spare"),
    "images: a parent through a link to nothing": ("unpack/layer_tree.c", "    if (mkdirat(above, last, 0755) < 0)\n        return bad_parent(errno, name, err);", "    if (mkdirat(above, last, 0755) < 0 && (errno != EEXIST || unlinkat(above, last, 0) < 0 || mkdirat(above, last, 0755) < 0))\n        return bad_parent(errno, name, err);", {"hostile_layers_are_refused"}, (IMAGES,), "hostile"),
    "images: depth by names alone": ("unpack/layer_tree.c", "    if (over->depth >= ZIP_MAX_DEPTH)\n        return fail(err, 0, name, \"unpack the entry: it lies too deep\");\n    nodes_put", "    nodes_put", {"depth_is_bounded_through_links_too"}, (IMAGES,), "depth"),
    "images: an image of any size": ("unpack/layer.c", "if (n <= MAX_SIZE && (l->size += n) <= MAX_SIZE)", "if ((l->size += n) > 0)", {"ten_gigabytes"}, (IMAGES,), "gigabytes"),
    "images: any number of entries": ("unpack/layer.c", "if (++l->count > MAX_ENTRIES)", "if (++l->count > 2 * (uint64_t)MAX_ENTRIES)", {"a_million_entries"}, (IMAGES,), "million"),
    "images: any number of directories without an entry": ("unpack/layer_tree.c", "    if (zip_count_implied(&t->implied, err) < 0)\n        return -1;\n", "", {"directories_without_an_entry"}, (IMAGES,), "without_an_entry"),
    "images: paths through links at any price": ("unpack/layer_tree.c", "if (t->links_ms > LINKS_MS) {", "if (t->links_ms < 0) {", {"paths_through_links_that_take_long"}, (IMAGES,), "take_long"),
    "images: layers of any size are hashed": ("unpack/image.c", "int status = b.n > STREAM_MAX - l->before ?", "int status = b.n > UINT64_MAX - l->before ?", {"a_layer_larger_than_an_image"}, (IMAGES,), "larger_than"),
    "images: documents with holes": ("unpack/image_source.c", "|| p.offset || p.n != e->size))", "|| p.offset || p.n > e->size))", {"a_document_with_holes_is_refused"}, (DOCUMENTS,), "holes"),
    "images: devices of an image": ("unpack/layer.c", "if (there < 0 || e->type == TAR_DEVICE)", "if (there < 0)", {"devices_are_left_out_with_what_they_replace"}, (IMAGES,), "left_out"),
    "images: a layer made up of zeros": ("unpack/tar.c", "return check_end(t, ret->n, err);", "return 1 + 0 * check_end(t, ret->n, err);", {"a_layer_that_ends_within_a_file_is_refused"}, (IMAGES,), "ends_within"),
    "images: a layer's content is what it is": ("unpack/image.c", "return strcmp(hex, layer->diff) == 0 ? 0 : differs", "return hex[0] ? 0 : differs", {"a_layer_whose_content_is_not_what_the_config_says"}, (DOCUMENTS,), "content"),
    "images: a layer's blob is what it is": ("unpack/image.c", "return strcmp(hex, layer->digest) == 0 ? 0 : differs", "return hex[0] ? 0 : differs", {"a_blob_that_is_not_what_its_digest_says"}, (DOCUMENTS,), "digest_says and layer"),
    "images: documents are what they are": ("unpack/image_index.c", "if (digest && strcmp(digest, hex) != 0)", "if (digest && !hex[0])", {"a_blob_that_is_not_what_its_digest_says", "a_configs_name_is_its_digest"}, (DOCUMENTS,), "digest"),
    "images: an object's last name": ("unpack/image_index.c", "    if (!twice.at)\n        return 0;", "    if (!twice.at || twice.n)\n        return 0;", {"names_that_an_object_has_twice_are_refused"}, (DOCUMENTS,), "twice"),
    "images: an image of another architecture": ("unpack/image_documents.c", 'strcmp(os, "linux") == 0 && strcmp(found, architecture) == 0)', 'strcmp(os, "linux") == 0)', {"the_architecture_is_the_configs"}, (DOCUMENTS,), "architecture"),
    "images: indexes without end": ("unpack/image_index.c", "if (depth >= INDEX_DEPTH || ++c->below > INDEXES_MAX)", "if (depth >= 99)", {"indexes_in_circles_and_in_crowds_end"}, (DOCUMENTS,), "crowds"),
    "images: a known image of another architecture": ("cache/cache_image.c", "found = strcmp(again.at, value) == 0;", "found = again.at[0] != 0;", {"a_known_image_needs_no_worker"}, (DOCUMENTS,), "needs_no_worker"),
    "images: an archive that is being written is remembered": ("cache/cache_image.c", "if (!w->known || w->may_change)", "if (!w->known)", {"an_image_that_somebody_may_write_to_is_not_remembered"}, (DOCUMENTS,), "may_write"),
    "images: half of how it is started": ("cache/image_facts.c", "if (!n || strings[n - 1] || found != wanted)", "if (!n || found > wanted)", {"how_an_image_is_started_is_read_again_where_it_was_lost"}, (DOCUMENTS,), "lost"),
    "images: an image's variables over Lambda's": ("lambda/variables.c", "if (n && entry[n] && !has(in->user, key) && !has(ret, key))", "if (n && entry[n] && !has(in->user, key))", {"of_an_image_lie_between"}, ("tests/unit/test_variables.c",)),
    "images: an image's variables over the user's": ("lambda/variables.c", "if (n && entry[n] && !has(in->user, key) && !has(ret, key))", "if (n && entry[n] && !has(ret, key))", {"of_an_image_lie_between"}, ("tests/unit/test_variables.c",)),
    "images: an image's own /dev, /etc, /proc, /sys and /tmp": ("mounts/plan.c", "in->own_code ? SKELETON_MOUNTS :", "in->own_code ? 0 :", {"hostile_links_lead_nowhere"}, (FUNCTIONS,), "hostile"),
    "images: an image's own /sys": ("mounts/plan.c", "    if (in->rootfs.path)\n        plan_add(&p, (struct row){.kind = ROW_MASK, .target = \"sys\"", "    if (in->rootfs.path && !in->own_code)\n        plan_add(&p, (struct row){.kind = ROW_MASK, .target = \"sys\"", {"the_root_is_its_own_and_read_only_but_for_tmp"}, (FUNCTIONS,), "its_own_and"),
    "images: layers with an image": ("launcher/launch/launch_image.c", "    if (r->layers.n)", "    if (r->layers.n > 99)", {"options_that_images_do_not_take_are_refused"}, (FUNCTIONS,), "do_not_take"),
    "images: a root beside an image's": ("launcher/launch/launch_image.c", "        if (NONE[i].given)", "        if (NONE[i].given && i > 9)", {"options_that_images_do_not_take_are_refused"}, (FUNCTIONS,), "do_not_take"),
    "images: any directory is a layout": ("launcher/launch/not_package.c", 'holds(fd, "index.json") && holds(fd, "blobs")', 'fd >= 0', {"a_folder_that_is_no_package_is_named_for_what_it_is"}, ("tests/cli/test_usage.py",), "a_folder_that"),
    "images: a stored image is started anyhow": ("launcher/launch/stored_use.c", "if (s->config[0] && image_facts_of(&in->added.tree, s->config, &in->image.facts, err) != 1)", "if (s->config[0] && image_facts_of(&in->added.tree, s->config, &in->image.facts, err) == 9)", {"how_a_stored_image_is_started_must_be_known"}, (RUNTIMES,), "must_be_known"),
    "images: AWS's own entry script stands for a bootstrap": ("launcher/launch/launch_image.c", 'strcmp(e->at[0], "/lambda-entrypoint.sh") != 0', 'e->at[0] != NULL', {"an_image_that_starts_nothing_is_said"}, (RUNTIMES,), "starts_nothing"),
    "images: a fetched function's name, whatever it holds": ("launcher/launch/launch_image.c", "    if (err->usage)\n        return -1;\n    image->is_function = true;", "    image->is_function = true;", {"names_that_skopeo_must_not_get"}, ("tests/cli/test_image_fetched.py",), "must_not"),
    "images: an image that is here is fetched again": ("launcher/launch/pull.c", "p->left = copying.size.config[0] &&", "p->left = !copying.size.config[0] &&", {"it_runs_and_is_fetched_once"}, ("tests/cli/test_image_fetched.py",), "fetched_once"),
    "images: a registry without TLS is accepted for functions": ("launcher/launch/launch_image.c", "image->pull.insecure = r->insecure_registry;", "image->pull.insecure = true;", {"a_registry_without_tls_must_be_accepted_by_name"}, ("tests/cli/test_image_fetched.py",), "without_tls"),
}
