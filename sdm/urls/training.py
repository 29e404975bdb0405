from django.urls import URLPattern, URLResolver, path

from sdm.views import training, training_import, training_lists, training_participants

urlpatterns: list[URLPattern | URLResolver] = [
    path("training/", training_lists.batches, name="training"),
    path("training/board/", training_lists.board, name="training_board"),
    training_import.WIZARD.at("training/import/"),
    path("training/new/", training.batch_new, name="training_new"),
    path("training/<int:pk>/", training.batch, name="training_batch"),
    path("training/<int:pk>/participants/", training.participant_add, name="training_add"),
    path("training/<int:pk>/results/<slug:stage>/", training.results, name="training_results"),
    path("training/<int:pk>/advance/<slug:stage>/", training.advance, name="training_advance"),
    path("training/participants/<int:pk>/", training_participants.participant, name="training_participant"),
    path("training/participants/<int:pk>/samples/", training_participants.sample_add, name="training_sample"),
    path("training/participants/<int:pk>/link/", training_participants.participant_link, name="training_link"),
    path("training/participants/<int:pk>/certificate/", training_participants.certificate, name="training_certificate"),
    path("training/samples/<int:pk>/", training_participants.sample_score, name="training_sample_score"),
    path(
        "training/participants/<int:pk>/<slug:transition>/",
        training_participants.participant_step,
        name="training_step",
    ),
]
