/* SPDX-License-Identifier: MIT
 *
 * A small window that a file can be dragged from, as a file manager is one: drag-source FILE. It ends when its
 * standard input does.
 */
#include <gtk/gtk.h>

static gboolean on_input(GIOChannel *channel, GIOCondition condition, gpointer data) {
    g_main_loop_quit(data);
    return G_SOURCE_REMOVE;
}

int main(int argc, char **argv) {
    if (argc != 2 || !gtk_init_check()) {
        return 2;
    }
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    g_autoptr(GFile) file = g_file_new_for_path(argv[1]);
    GdkFileList *files = gdk_file_list_new_from_array(&file, 1);
    g_autoptr(GdkContentProvider) content =
        gdk_content_provider_new_typed(GDK_TYPE_FILE_LIST, files);
    GtkWidget *window = gtk_window_new(), *label = gtk_label_new("Drag me");
    GtkDragSource *source = gtk_drag_source_new();
    GIOChannel *input = g_io_channel_unix_new(0);

    gtk_drag_source_set_content(source, content);
    gtk_drag_source_set_actions(source, GDK_ACTION_COPY);
    gtk_widget_add_controller(label, GTK_EVENT_CONTROLLER(source));
    gtk_window_set_title(GTK_WINDOW(window), "Drag source");
    gtk_window_set_decorated(GTK_WINDOW(window), FALSE);
    gtk_window_set_default_size(GTK_WINDOW(window), 100, 60);
    gtk_window_set_child(GTK_WINDOW(window), label);
    gtk_window_present(GTK_WINDOW(window));
    g_io_add_watch(input, G_IO_IN | G_IO_HUP | G_IO_ERR, on_input, loop);
    g_main_loop_run(loop);
    g_boxed_free(GDK_TYPE_FILE_LIST, files);
    g_io_channel_unref(input);
    return 0;
}
