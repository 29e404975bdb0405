from django.urls import URLPattern, URLResolver, path

from sdm.views import training, training_import

urlpatterns: list[URLPattern | URLResolver] = [
    path("training/", training.batches, name="training"),
    path("training/board/", training.board, name="training_board"),
    training_import.WIZARD.at("training/import/"),
    path("training/new/", training.batch_new, name="training_new"),
    path("training/<int:pk>/", training.batch, name="training_batch"),
    path("training/<int:pk>/participants/", training.participant_add, name="training_add"),
    path("training/<int:pk>/results/<slug:stage>/", training.results, name="training_results"),
    path("training/<int:pk>/advance/<slug:stage>/", training.advance, name="training_advance"),
    path("training/participants/<int:pk>/", training.participant, name="training_participant"),
    path("training/participants/<int:pk>/samples/", training.sample_add, name="training_sample"),
    path("training/participants/<int:pk>/link/", training.participant_link, name="training_link"),
    path("training/participants/<int:pk>/certificate/", training.certificate, name="training_certificate"),
    path("training/samples/<int:pk>/", training.sample_score, name="training_sample_score"),
    path("training/participants/<int:pk>/<slug:transition>/", training.participant_step, name="training_step"),
]
