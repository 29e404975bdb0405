from django.urls import path

from occ.jobs import views

app_name = "exports"
urlpatterns = [
    path("exports/", views.jobs, name="list"),
    path("exports/new/", views.new, name="new"),
    path("exports/<uuid:pk>/", views.job, name="job"),
    path("exports/<uuid:pk>/file/", views.file, name="file"),
]
